// SPDX-License-Identifier: Apache-2.0

// Where the kit is imported, '==', '!=' and 'contains' of strings compare bytes (decision 0036). The standard library's
// compare canonical equivalents as equal: a client that calls itself by the Kelvin sign would be the client "K". Generic
// code, such as '==' of two arrays or the keys of a dictionary, still uses the standard library's: types
// of the kit that are compared write their '==' out.

extension String {
    /// Whether two strings have the same bytes.
    ///
    /// Of ASCII, for which the two counts are equal and kept, the standard library finds it out ten times as fast as a
    /// comparison byte by byte. Of other text it would find out more, and take as many times as long.
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

    /// The standard library's comparison, which generic code calls.
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

    /// Whether one alone is nil or both differ in their bytes.
    @inlinable
    public static func != (left: String?, right: String?) -> Bool {
        !(left == right)
    }
}

extension Sequence where Element == String {
    /// Whether one of the strings has the same bytes as another.
    @inlinable
    public func contains(_ text: String) -> Bool {
        contains { $0 == text }
    }
}

extension Set where Element == String {
    /// Whether one of the strings has the same bytes as another.
    public func contains(_ text: String) -> Bool {
        firstIndex(of: text).map { self[$0] == text } ?? false
    }
}
