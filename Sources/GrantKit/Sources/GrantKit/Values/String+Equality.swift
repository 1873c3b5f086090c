// SPDX-License-Identifier: Apache-2.0

// In files that import the kit, '==', '!=' and 'contains' of strings compare bytes (decision 0036). Those of the
// standard library treat canonical equivalents as equal, so a client named by the Kelvin sign would be the client "K".
// Generic code, such as '==' of two arrays or the keys of a dictionary, still uses the standard library. So types of
// the kit that are compared define '==' themselves.

extension String {
    /// Whether two strings have the same bytes.
    ///
    /// Both counts are equal for ASCII, for which the standard library's comparison is ten times as fast as one byte by
    /// byte. For other strings it would also compare canonical equivalents, and be slower.
    @inlinable
    public static func == (left: String, right: String) -> Bool {
        guard left.utf8.count == right.utf8.count else { return false }
        return left.utf16.count == left.utf8.count
            ? areEquivalent(left, right) : left.utf8.elementsEqual(right.utf8)
    }

    /// Whether two strings differ in their bytes.
    @inlinable
    public static func != (left: String, right: String) -> Bool {
        !(left == right)
    }

    /// Calls the standard library's comparison, as all generic code does.
    @inlinable
    static func areEquivalent<Value: Equatable>(_ left: Value, _ right: Value) -> Bool {
        left == right
    }
}

extension Optional where Wrapped == String {
    /// Whether both are nil or have the same bytes.
    @inlinable
    public static func == (left: String?, right: String?) -> Bool {
        switch (left, right) {
        case (let left?, let right?): left == right
        case (nil, nil): true
        default: false
        }
    }

    /// Whether only one is nil, or both differ in their bytes.
    @inlinable
    public static func != (left: String?, right: String?) -> Bool {
        !(left == right)
    }
}

extension Sequence where Element == String {
    /// Whether one of the strings has the same bytes as a given string.
    @inlinable
    public func contains(_ text: String) -> Bool {
        contains { $0 == text }
    }
}

extension Set where Element == String {
    /// Whether one of the strings has the same bytes as a given string.
    public func contains(_ text: String) -> Bool {
        firstIndex(of: text).map { self[$0] == text } ?? false
    }
}
