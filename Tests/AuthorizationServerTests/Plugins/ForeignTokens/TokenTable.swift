// SPDX-License-Identifier: Apache-2.0

import GrantKit
import Testing

/// Every claim and header parameter of a token from outside in every wrong form, each with the rule that refuses it.
///
/// All kinds of such tokens share the generator. A kind only says in what it differs from the others.
struct TokenTable: Sendable {
    /// A change of a good token, and what the log says about it; nil if it stays good.
    struct Case: Sendable, CustomTestStringConvertible {
        let change: String
        let claims: JSON
        let header: JSON
        let rule: String?

        init(_ change: String, claims: JSON = [:], header: JSON = [:], _ rule: String?) {
            (self.change, self.claims, self.header, self.rule) = (change, claims, header, rule)
        }

        var testDescription: String { change }
    }

    /// A form of a value, and the rule that refuses it.
    typealias Form = (name: String, value: JSON, rule: String?)

    /// The time of the server.
    static let now: Int64 = 1_800_000_000
    /// The issuer identifier of the server.
    static let server = "https://id.example.com"
    /// Removes the value.
    static let absent = JSON.null
    /// Makes the value null.
    static let null: JSON = ["null"]
    static let huge = JSON.string(String(repeating: "h", count: 4000))

    /// The claims that a token must have.
    let required: Set<String>
    /// The rule that refuses an unknown issuer, in whatever form.
    let unknownIssuer: String
    /// The rule that refuses a wrong subject, in whatever form; nil if the form counts first.
    let wrongSubject: String?
    /// The rule that refuses the subject of nobody.
    let unknownSubject: String
    /// The rule that refuses the token endpoint as the audience.
    var tokenEndpoint = "it is for another audience"
    /// The claims that restrict a token in ways that nobody checks.
    var constraints = ["cnf", "act", "authorization_details", "events"]
    /// Whether the claim `scope` counts.
    let readsScope: Bool
    /// Spellings of the types that are accepted.
    let types: [String]
    let isTypeOptional: Bool
    /// Types that another rule than that about types refuses.
    var otherTypes: [String: String] = [:]
    /// The rule that refuses a message authentication code.
    var code = "it has a message authentication code instead of a signature"
    /// What only this kind has.
    var own: [Case] = []

    var all: [Case] { parties + audiences + moments + identifiers + otherClaims + headers + own }

    // MARK: making cases

    static func claim(_ name: String, _ forms: [Form]) -> [Case] {
        forms.map { Case("\(name) \($0.name)", claims: .object([.init(name, $0.value)]), $0.rule) }
    }

    static func parameter(_ name: String, _ forms: [Form]) -> [Case] {
        forms.map { Case("\(name) \($0.name)", header: .object([.init(name, $0.value)]), $0.rule) }
    }

    /// Values that are no string.
    static func noStrings(_ rule: String?) -> [Form] {
        [
            ("null", null, rule), ("a number", 1, rule), ("true", true, rule), ("an array", ["a"], rule),
            ("an empty array", [], rule), ("an object", ["a": "b"], rule), ("an empty object", [:], rule),
        ]
    }

    /// The rule that refuses a claim that is missing or empty; nil if it may be.
    func missing(_ name: String) -> String? {
        required.contains(name) ? "it has no '\(name)'" : nil
    }
}
