// SPDX-License-Identifier: Apache-2.0

@_spi(Host) package import GrantKit

extension AttributeDeclaration {
    init(form: JSON) throws {
        var kind = try form["type"].map { try ValueKind(form: $0, words: form.words("words")) } ?? .custom
        if case .duration = kind { kind = .duration(try form.durations()) }
        self.init(
            try form.required("name", \.string), at: AttributeLevel(under: form["under"]?.string), kind,
            expectation: form["expectation"]?.string ?? kind.shownWords, fallback: try form.required("default") { $0 },
            form["help"]?.string ?? "")
        let advised = (form["advice"]?.members ?? []).map { ($0.name, $0.value.string ?? "") }
        advice = Dictionary(advised) { first, _ in first }
    }

    /// The declaration as a description has it.
    var form: JSON {
        let accepted = kind.members
        let reasons = advice.sorted { $0.key < $1.key }.map { JSON.Member($0.key, .string($0.value)) }
        return .present(
            [
                ("name", .string(name)), ("under", level.under.map(JSON.string)),
                ("expectation", accepted.isEmpty ? .string(expectation) : nil), ("default", fallback),
                ("advice", reasons.isEmpty ? nil : .object(reasons)), ("help", .string(help)),
            ] + accepted)
    }
}

extension ValueKind {
    /// The members of a description that say which values are accepted; none if only the plugin can say.
    fileprivate var members: [(String, JSON?)] {
        switch self {
        case .bool: [("type", "boolean")]
        case .string: [("type", "string")]
        case .strings: [("type", "strings")]
        case .integer: [("type", "integer")]
        case .duration(let bounds):
            [
                ("type", "duration"), ("shortest", (bounds?.lowerBound.components.seconds).map(JSON.integer)),
                ("longest", (bounds?.upperBound.components.seconds).map(JSON.integer)),
            ]
        case .word(let words): [("type", "string"), ("words", .strings(words))]
        default: []
        }
    }
}

extension AttributeLevel {
    /// The level that a word names: a grant's key, `*` for every grant, nil for the top of the document.
    fileprivate init(under word: String?) {
        self = word == "*" ? .everyGrant : word.map(AttributeLevel.grant) ?? .client
    }

    fileprivate var under: String? {
        switch self {
        case .everyGrant: "*"
        case .grant(let key): key
        default: nil
        }
    }
}

extension AttributeValue: JSONForm {
    package init(form: JSON) throws {
        self.init(
            try form.required("name", \.string), at: AttributeLevel(under: form["under"]?.string),
            try form.required("value") { $0 })
    }

    package var form: JSON {
        .present([("name", .string(name)), ("under", level.under.map(JSON.string)), ("value", value)])
    }
}

extension JSON {
    /// The longest duration of an attribute, in seconds: ten thousand years.
    private static let longestDuration: Int64 = 10_000 * 366 * 86400

    /// The durations from `shortest` to `longest`, in seconds; nil if all are allowed.
    fileprivate func durations() throws -> ClosedRange<Duration>? {
        guard self["shortest"] != nil || self["longest"] != nil else { return nil }
        let (least, most) = (self["shortest"]?.integer ?? 0, self["longest"]?.integer ?? JSON.longestDuration)
        guard 0...JSON.longestDuration ~= least, least...max(least, JSON.longestDuration) ~= most else {
            throw FormError("'shortest' and 'longest' must be durations in seconds, in this order")
        }
        return .seconds(least)...(.seconds(most))
    }
}
