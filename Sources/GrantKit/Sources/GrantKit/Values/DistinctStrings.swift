// SPDX-License-Identifier: Apache-2.0

/// Finds repeated strings among those that are read one after the other, compared by their bytes.
///
/// A few strings are compared faster than they are hashed. Many are hashed, so that the time grows with their number.
struct DistinctStrings {
    private static let few = 16
    private var hashed: Set<ExactString> = []

    /// Whether a string is new.
    ///
    /// - Parameters:
    ///   - text: The string.
    ///   - others: All distinct strings before it.
    /// - Returns: Whether none of them has the same bytes.
    mutating func isNew(_ text: String, after others: some Collection<String>) -> Bool {
        guard others.count >= DistinctStrings.few else { return !others.contains(text) }
        if hashed.isEmpty { hashed = Set(others.map { ExactString(text: $0) }) }
        return hashed.insert(ExactString(text: text)).inserted
    }
}
