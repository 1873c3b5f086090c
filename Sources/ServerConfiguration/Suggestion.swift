// SPDX-License-Identifier: Apache-2.0

/// Finds the name that somebody probably meant.
public enum Suggestion {
    /// The nearest of some names, if it is within two edits or a third of the length.
    public static func nearest(to name: String, among names: some Sequence<String>) -> String? {
        let nearest = names.map { (name: $0, distance: distance(Array(name), Array($0))) }
            .min { ($0.distance, $0.name) < ($1.distance, $1.name) }
        guard let nearest, nearest.distance <= max(2, name.count / 3), nearest.distance < name.count else { return nil }
        return nearest.name
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
