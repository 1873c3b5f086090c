// SPDX-License-Identifier: Apache-2.0

/// A JSON value whose objects keep their order (RFC 8259).
///
/// Frozen, since RFC 8259 will not get another kind of value, and every token is built of these.
@frozen
public indirect enum JSON: Sendable, Hashable {
    /// The value `null`.
    case null
    /// A truth value.
    case bool(Bool)
    /// A number written without fraction or exponent that fits into 64 bits.
    case integer(Int64)
    /// Any other number.
    case number(Double)
    /// A string.
    case string(String)
    /// A list of values.
    case array([JSON])
    /// A list of members, in the order in which they were written.
    case object([Member])

    /// A name and its value in an object.
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

        /// Whether name and value are the same byte for byte.
        public static func == (left: Member, right: Member) -> Bool {
            left.name == right.name && left.value == right.value
        }
    }

    /// Whether two values are the same, strings byte for byte and members in the same order.
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

    /// The value of an object's member, or nil if there is none or this is no object; assigning nil removes it.
    public subscript(name: String) -> JSON? {
        get {
            guard case .object(let members) = self else { return nil }
            return members.first { $0.name == name }?.value
        }
        set {
            var members = self.members
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

    /// The text, if this is a string.
    public var string: String? {
        if case .string(let text) = self { text } else { nil }
    }

    /// The number, if this is an integer.
    public var integer: Int64? {
        if case .integer(let number) = self { number } else { nil }
    }

    /// The truth value, if this is one.
    public var bool: Bool? {
        if case .bool(let value) = self { value } else { nil }
    }

    /// The strings of a string or an array of strings, as `aud` and `redirect_uri` may be written.
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

    /// Makes a truth value.
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
