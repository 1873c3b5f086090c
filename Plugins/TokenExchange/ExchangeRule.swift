// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// What a client may get for some of the tokens that this server has issued.
struct ExchangeRule: Sendable {
    /// The types of the subject token.
    let subjects: [ExchangeType]
    /// The audiences of the subject token, of which it must have one.
    let audience: [String]
    /// The audiences of what is issued.
    let targets: [String]
    /// The type of what is issued.
    let result: ExchangeType
    /// The scope of what is issued at most; nil for all that the subject token has.
    let scope: [String]?
    /// The types of tokens that may name who acts; empty if nobody may.
    let actors: [ExchangeType]
    /// The client's identifier at the other server, for an assertion.
    let clientID: String?
    /// The resources that an assertion may name (RFC 8707).
    let resources: [String]

    private static let keys = ["subject", "audience", "to", "issue", "scope", "actor", "client_id", "resources"]
    private static let keysOfAssertions = ["client_id", "resources"]

    /// Reads a rule.
    ///
    /// - Throws: `ConfigurationError` that says what is wrong, as the rest of a sentence about the rule.
    init(_ json: JSON) throws {
        guard case .object(let members) = json else { throw ConfigurationError("is not a mapping") }
        if let unknown = members.first(where: { !ExchangeRule.keys.contains($0.name) }) {
            throw ConfigurationError(
                "has the unknown key '\(unknown.name)'; the keys are \(ExchangeRule.keys.joined(separator: ", "))")
        }
        subjects = try ExchangeRule.types("subject", in: json, among: ExchangeType.subjects, isRequired: true)
        audience = try ExchangeRule.audiences("audience", in: json, isRequired: true)
        targets = try ExchangeRule.audiences("to", in: json, isRequired: true)
        let results = try ExchangeRule.types("issue", in: json, among: ExchangeType.results)
        guard results.count <= 1 else {
            throw ConfigurationError("has several values of 'issue'; write a rule for each")
        }
        result = results.first ?? .accessToken
        scope = try json["scope"].map { _ in try ExchangeRule.words("scope", in: json) }
        actors = try ExchangeRule.types("actor", in: json, among: ExchangeType.actors)
        clientID = json["client_id"]?.string
        resources = try ExchangeRule.audiences("resources", in: json)
        try check(json)
    }

    private func check(_ json: JSON) throws {
        if let id = json["client_id"], id.string?.isEmpty ?? true {
            throw ConfigurationError("has a value of 'client_id' that is not a string")
        }
        if result == .identityAssertion {
            guard !subjects.contains(.accessToken) else {
                throw ConfigurationError("issues 'id-jag' for an access token; it needs an id_token or a refresh_token")
            }
            guard actors.isEmpty else { throw ConfigurationError("issues 'id-jag', which names no actor") }
        } else if let name = ExchangeRule.keysOfAssertions.first(where: { json[$0] != nil }) {
            throw ConfigurationError("has '\(name)', which is only for 'issue: id-jag'")
        }
    }

    private static func types(
        _ key: String, in json: JSON, among known: [ExchangeType], isRequired: Bool = false
    ) throws -> [ExchangeType] {
        let names = known.map(\.rawValue).joined(separator: ", ")
        guard let value = json[key] else {
            guard isRequired else { return [] }
            throw ConfigurationError("has no '\(key)', which is one or several of \(names)")
        }
        let types = ([String](setting: value) ?? []).map { name in known.first { $0.rawValue == name } }
        guard !types.isEmpty, !types.contains(where: { $0 == nil }) else {
            throw ConfigurationError("has a value of '\(key)' that is not one or several of \(names)")
        }
        return types.compactMap(\.self)
    }

    private static func audiences(_ key: String, in json: JSON, isRequired: Bool = false) throws -> [String] {
        guard json[key] != nil || isRequired else { return [] }
        let named = try words(key, in: json)
        guard !named.isEmpty else { throw ConfigurationError("has no '\(key)'") }
        // A pattern would be taken for a name, and fit nothing.
        guard !named.contains(where: { $0.utf8.first == UInt8(ascii: "#") }) else {
            throw ConfigurationError("has a pattern in '\(key)'; list the audiences by name")
        }
        return named
    }

    private static func words(_ key: String, in json: JSON) throws -> [String] {
        guard let words = [String](setting: json[key] ?? []), words.allSatisfy(Scope.isWord) else {
            throw ConfigurationError("has a value of '\(key)' that is not a string or a list of strings without spaces")
        }
        return words
    }

    /// Whether the rule is about a subject token.
    func isAbout(_ type: ExchangeType, for audience: [String]) -> Bool {
        subjects.contains(type) && self.audience.contains(where: audience.contains)
    }

    /// The audience of what is issued.
    ///
    /// - Parameters:
    ///   - asked: The audiences that the request names; without any, those of the subject token remain.
    ///   - former: The audience of the subject token.
    /// - Returns: The audience; nil if the rule does not list it.
    func audience(asked: [String], former: [String]) -> [String]? {
        let wanted = asked.isEmpty ? former.filter(targets.contains) : asked
        return wanted.isEmpty || !wanted.allSatisfy(targets.contains) ? nil : wanted
    }
}
