// SPDX-License-Identifier: Apache-2.0

@_spi(Host) package import GrantKit

/// A setting as a description declares it.
package struct DescribedSetting: Sendable {
    /// The declaration, for the reference.
    package let declaration: SettingDeclaration
    /// The kind of its value, which the server checks; nil if the plugin checks it.
    private let kind: ValueKind?
    private let bounds: ClosedRange<Int64>?

    init(form: JSON) throws {
        let key = try form.required("key", \.string)
        kind = try form["type"].map { try ValueKind(form: $0, words: form.words("words")) }
        let (least, most) = (form["minimum"]?.integer, form["maximum"]?.integer)
        if let least, let most, least > most { throw FormError("'minimum' of '\(key)' is above 'maximum'") }
        bounds = least == nil && most == nil ? nil : (least ?? .min)...(most ?? .max)
        let words = bounds.map { "\($0.lowerBound) to \($0.upperBound)" }
        declaration = SettingDeclaration(
            key: key, expectation: form["expectation"]?.string ?? kind?.shownWords ?? "a value",
            fallback: form["default"], example: form["example"] ?? .null,
            bounds: form["bounds"]?.string ?? words ?? "", help: form["help"]?.string ?? "",
            isSecret: form["secret"]?.bool ?? false)
    }

    /// What is wrong with a value.
    ///
    /// - Parameter value: The value; nil if the configuration has none.
    /// - Returns: The problem; nil if there is none.
    package func problem(with value: JSON?) -> String? {
        guard let value else {
            let isMissing = kind != nil && declaration.fallback == nil
            return isMissing ? "'\(declaration.key)' must be set: \(declaration.help)" : nil
        }
        if let kind, kind.accepts(value) == false { return "'\(declaration.key)' must be \(kind.shownWords)" }
        guard let bounds, let number = value.integer, !bounds.contains(number) else { return nil }
        return "'\(declaration.key)' must be from \(declaration.bounds)"
    }
}

extension ValueKind {
    /// Reads a kind that can be checked without the plugin.
    init(form: JSON, words: [String]) throws {
        switch form.string {
        case "boolean": self = .bool
        case "string": self = words.isEmpty ? .string : .word(words)
        case "strings": self = .strings
        case "integer": self = .integer
        case "duration": self = .duration(nil)
        default: throw FormError("'type' must be boolean, string, strings, integer or duration")
        }
    }

    /// The kind in words.
    var shownWords: String {
        switch self {
        case .bool: Bool.expectation
        case .string: String.expectation
        case .strings: [String].expectation
        case .integer: Int64.expectation
        case .duration: Duration.expectation
        case .word(let words): "one of \(words.joined(separator: ", "))"
        case .custom: "a value"
        @unknown default: "a value"
        }
    }
}
