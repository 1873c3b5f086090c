// SPDX-License-Identifier: Apache-2.0

/// Suggests the name that was probably meant.
public enum Suggestion {
    /// The nearest of some names, if it is within two edits or a third of the length; else the shortest name that ends
    /// in an underscore and the given name.
    public static func nearest(to name: String, among names: some Sequence<String>) -> String? {
        let nearest = names.map { (name: $0, distance: distance(Array(name), Array($0))) }
            .min { ($0.distance, $0.name) < ($1.distance, $1.name) }
        if let nearest, nearest.distance <= max(2, name.count / 3), nearest.distance * 2 <= name.count {
            return nearest.name
        }
        let longer = names.filter { $0.hasSuffix("_" + name) }
        return longer.min { ($0.count, $0) < ($1.count, $1) }
    }

    /// A name as messages may show it: if the space after the colon is missing, the secret has become part of the key.
    public static func shown(_ name: String) -> (text: String, note: String?) {
        Sensitive.shown(name)
    }

    /// The note for an unknown name: the name that was probably meant, or else all known names.
    public static func note(for name: String, among names: some Collection<String>) -> String? {
        if let nearest = nearest(to: name, among: names) { return "did you mean '\(nearest)'?" }
        return names.isEmpty ? nil : "known here: \(Set(names).sorted().joined(separator: ", "))"
    }

    /// The number of edits between two strings; swapped neighbours count as one (optimal string alignment).
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
