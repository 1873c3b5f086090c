// SPDX-License-Identifier: Apache-2.0

/// A JSON value.
///
/// Objects keep the order of their members (RFC 8259). The type is frozen for speed, because all tokens are made of it.
/// RFC 8259 will not get another kind of value. It is not indirect, so that only arrays, objects and long strings are
/// allocated.
@frozen
public enum JSON: Sendable, Hashable {
    /// The value `null`.
    case null
    /// A Boolean.
    case bool(Bool)
    /// A number without fraction and exponent that fits into 64 bits.
    case integer(Int64)
    /// Any other number.
    case number(Double)
    /// A string.
    case string(String)
    /// An array of values.
    case array([JSON])
    /// An object, with its members in the order in which they were written.
    case object([Member])

    /// A member of an object.
    @frozen
    public struct Member: Sendable, Hashable {
        /// The member's name.
        public var name: String
        /// The member's value.
        public var value: JSON

        /// Makes a member.
        @inlinable
        public init(_ name: String, _ value: JSON) {
            self.name = name
            self.value = value
        }

        /// Whether two members are equal; strings are compared by bytes.
        public static func == (left: Member, right: Member) -> Bool {
            left.name == right.name && left.value == right.value
        }
    }

    /// Whether two values are equal.
    ///
    /// Strings are compared by bytes, and members must have the same order.
    public static func == (left: JSON, right: JSON) -> Bool {
        switch (left, right) {
        case (.null, .null): true
        case (.bool(let left), .bool(let right)): left == right
        case (.integer(let left), .integer(let right)): left == right
        case (.number(let left), .number(let right)): left == right
        case (.string(let left), .string(let right)): left == right
        case (.array(let left), .array(let right)): left == right
        case (.object(let left), .object(let right)): left == right
        default: false
        }
    }

    /// The value of a member; nil if there is none or this is not an object.
    ///
    /// Setting nil removes the member.
    public subscript(name: String) -> JSON? {
        get {
            guard case .object(let members) = self else { return nil }
            return members.first { $0.name == name }?.value
        }
        set {
            var members = self.members
            // The members have one owner then, and are changed in place.
            self = .null
            if let place = members.firstIndex(where: { $0.name == name }) {
                if let newValue { members[place].value = newValue } else { members.remove(at: place) }
            } else if let newValue {
                members.append(Member(name, newValue))
            }
            self = .object(members)
        }
    }

    /// The members of an object; empty for any other value.
    public var members: [Member] {
        if case .object(let members) = self { members } else { [] }
    }

    /// The elements of an array; empty for any other value.
    public var elements: [JSON] {
        if case .array(let elements) = self { elements } else { [] }
    }

    /// The string; nil for any other value.
    public var string: String? {
        if case .string(let text) = self { text } else { nil }
    }

    /// The integer; nil for any other value.
    public var integer: Int64? {
        if case .integer(let number) = self { number } else { nil }
    }

    /// The Boolean; nil for any other value.
    public var bool: Bool? {
        if case .bool(let value) = self { value } else { nil }
    }

    /// The strings in a string or an array, for members such as `aud` that may be either; empty for any other value.
    public var strings: [String] {
        switch self {
        case .string(let text): [text]
        case .array(let elements): elements.compactMap(\.string)
        default: []
        }
    }

    /// Makes an array of strings.
    public static func strings(_ texts: some Sequence<String>) -> JSON {
        .array(texts.map(JSON.string))
    }
}

extension JSON: ExpressibleByStringLiteral, ExpressibleByStringInterpolation, ExpressibleByIntegerLiteral,
    ExpressibleByBooleanLiteral, ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral
{
    /// Makes a string.
    public init(stringLiteral text: String) {
        self = .string(text)
    }

    /// Makes an integer.
    public init(integerLiteral number: Int64) {
        self = .integer(number)
    }

    /// Makes a Boolean.
    public init(booleanLiteral value: Bool) {
        self = .bool(value)
    }

    /// Makes an array.
    public init(arrayLiteral elements: JSON...) {
        self = .array(elements)
    }

    /// Makes an object that keeps the order of the literal.
    public init(dictionaryLiteral members: (String, JSON)...) {
        self = .object(members.map { Member($0.0, $0.1) })
    }
}
