// SPDX-License-Identifier: Apache-2.0

/// Finds the name that somebody probably meant.
public enum Suggestion {
    /// The nearest of some names, if it is within two edits or a third of the length, or the one that ends like it.
    public static func nearest(to name: String, among names: some Sequence<String>) -> String? {
        let nearest = names.map { (name: $0, distance: distance(Array(name), Array($0))) }
            .min { ($0.distance, $0.name) < ($1.distance, $1.name) }
        if let nearest, nearest.distance <= max(2, name.count / 3), nearest.distance * 2 <= name.count {
            return nearest.name
        }
        let longer = names.filter { $0.hasSuffix("_" + name) }
        return longer.min { ($0.count, $0) < ($1.count, $1) }
    }

    /// A name as messages may show it: where a space is missing, a secret became part of its key.
    public static func shown(_ name: String) -> (text: String, note: String?) {
        Sensitive.shown(name)
    }

    /// The note under a diagnostic: the name that was probably meant, else the names there are.
    public static func note(for name: String, among names: some Collection<String>) -> String? {
        if let nearest = nearest(to: name, among: names) { return "did you mean '\(nearest)'?" }
        return names.isEmpty ? nil : "known here: \(Set(names).sorted().joined(separator: ", "))"
    }

    /// Edits, with two neighbours in the wrong order as one (optimal string alignment).
    static func distance(_ left: [Character], _ right: [Character]) -> Int {
        guard !left.isEmpty, !right.isEmpty else { return max(left.count, right.count) }
        var before: [Int] = []
        var last = Array(0...right.count)
        for row in 1...left.count {
            var current = [row]
            for column in 1...right.count {
                let change = last[column - 1] + (left[row - 1] == right[column - 1] ? 0 : 1)
                var least = min(last[column] + 1, current[column - 1] + 1, change)
                if row > 1, column > 1, left[row - 1] == right[column - 2], left[row - 2] == right[column - 1] {
                    least = min(least, before[column - 2] + 1)
                }
                current.append(least)
            }
            (before, last) = (last, current)
        }
        return last[right.count]
    }
}
