// SPDX-License-Identifier: Apache-2.0

package import GrantKit

/// A value that can cross to a plugin in a process of its own.
///
/// A form is an object. A reader ignores members that it does not know, so new members do not change the version of the
/// protocol.
package protocol JSONForm: Sendable {
    /// Reads the value.
    ///
    /// - Parameter form: The form.
    /// - Throws: `FormError` if a member is missing or malformed.
    init(form: JSON) throws
    /// The value as JSON.
    var form: JSON { get }
}

/// The error for a form that cannot be read: which member, and what is wrong with it.
package struct FormError: Error, CustomStringConvertible {
    /// What is wrong.
    package let description: String

    init(_ description: String) {
        self.description = description
    }
}

extension JSON {
    /// The value of a member that must be there.
    func required<Value>(_ name: String, _ read: (JSON) throws -> Value?) throws -> Value {
        guard let value = try self[name].flatMap(read) else { throw FormError("'\(name)' is missing or malformed") }
        return value
    }

    /// The members of a form.
    ///
    /// - Throws: `FormError` if it is not an object, since all members of some forms can be missing.
    func formMembers() throws -> [JSON.Member] {
        guard case .object(let members) = self else { throw FormError("an object was expected") }
        return members
    }

    /// The values of a list; empty if it is missing.
    func list<Value>(_ name: String, _ read: (JSON) throws -> Value) throws -> [Value] {
        guard let value = self[name], value != .null else { return [] }
        guard case .array(let elements) = value else { throw FormError("'\(name)' must be a list") }
        return try elements.enumerated().map { number, element in
            do {
                return try read(element)
            } catch let error as FormError {
                throw FormError("\(name)[\(number)]: \(error)")
            }
        }
    }

    /// The strings of a list; empty if it is missing.
    func words(_ name: String) throws -> [String] {
        try list(name) { element in
            guard let word = element.string else { throw FormError("a string was expected") }
            return word
        }
    }

    /// A list of pairs, as parameters and headers are: names may be repeated.
    static func pairs(_ pairs: [(name: String, value: String)]) -> JSON {
        .array(pairs.map { .array([.string($0.name), .string($0.value)]) })
    }

    var pairs: [(name: String, value: String)] {
        elements.compactMap { pair in
            let parts = pair.strings
            return parts.count == 2 ? (name: parts[0], value: parts[1]) : nil
        }
    }

    /// An object without the members that have no value.
    static func present(_ members: [(String, JSON?)]) -> JSON {
        .object(members.compactMap { name, value in value.map { JSON.Member(name, $0) } })
    }

    /// The longest duration in a form, in seconds: a hundred years.
    private static let longestDuration: Int64 = 100 * 366 * 86400

    /// The duration in seconds of a member; nil if it is missing.
    func duration(_ name: String) throws -> Duration? {
        guard let value = self[name] else { return nil }
        guard let seconds = value.integer, 0...JSON.longestDuration ~= seconds else {
            throw FormError("'\(name)' must be from 0 to \(JSON.longestDuration) seconds")
        }
        return .seconds(seconds)
    }

    /// Whether arrays and objects are within one another at most so many times.
    func isNested(atMost depth: Int) -> Bool {
        switch self {
        case .array(let elements): depth > 0 && elements.allSatisfy { $0.isNested(atMost: depth - 1) }
        case .object(let members): depth > 0 && members.allSatisfy { $0.value.isNested(atMost: depth - 1) }
        default: true
        }
    }
}

extension [JSON] {
    /// The elements in order, in lists of at most so many bytes; an element that is larger is alone.
    func batches(ofBytes most: Int) -> [[JSON]] {
        var batches: [[JSON]] = []
        var (batch, size): ([JSON], Int) = ([], 0)
        for element in self {
            let bytes = element.bytes.count
            if size + bytes > most, !batch.isEmpty {
                batches.append(batch)
                (batch, size) = ([], 0)
            }
            batch.append(element)
            size += bytes
        }
        return batch.isEmpty ? batches : batches + [batch]
    }
}
