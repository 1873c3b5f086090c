// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// The rules by which the subject of a token becomes a user or the client; the first one that fits counts.
struct SubjectRules: SettingValue {
    /// Whom a token with a subject is for.
    enum Owner: String, Sendable {
        /// The user whose document names the issuer and the subject.
        case user
        /// The client that sends it.
        case client
    }

    private struct Rule: Sendable {
        /// The subjects; nil for all, which is allowed only for users, because each of them is named in a document.
        let pattern: SubjectPattern?
        let owner: Owner
        /// The clients that the rule is for; nil for all that may use the issuer's tokens.
        let clients: [String]?

        init?(_ json: JSON) {
            guard json.members.allSatisfy({ ["subject", "as", "clients"].contains($0.name) }),
                let owner = json["as"]?.string.flatMap(Owner.init(rawValue:))
            else { return nil }
            self.owner = owner
            clients = json["clients"].map { [String](setting: $0) ?? [] }
            guard clients?.isEmpty != true else { return nil }
            guard let member = json["subject"] else {
                guard owner == .user else { return nil }
                pattern = nil
                return
            }
            guard let pattern = member.string.flatMap(SubjectPattern.init) else { return nil }
            self.pattern = pattern
        }

        var json: JSON {
            var json: JSON = ["as": .string(owner.rawValue)]
            json["subject"] = pattern.map { .string($0.description) }
            json["clients"] = clients.map(JSON.strings)
            return json
        }

        func fits(_ subject: String, of client: String) -> Bool {
            (pattern?.fits(subject) ?? true) && (clients?.contains(client) ?? true)
        }
    }

    /// No rules, so that no token is for anybody.
    static let none = SubjectRules(rules: [])

    static var expectation: String {
        "a list of rules such as { subject: 'repo:shop/*', as: client, clients: [deploy] } or { as: user }; a subject "
            + "is exact, or ends with one '*' after ':' or '/'"
    }

    private let rules: [Rule]

    private init(rules: [Rule]) {
        self.rules = rules
    }

    init?(setting: JSON) {
        guard case .array(let elements) = setting, elements.count <= 100 else { return nil }
        let rules = elements.compactMap(Rule.init)
        guard rules.count == elements.count else { return nil }
        self.rules = rules
    }

    var setting: JSON { .array(rules.map(\.json)) }

    /// Whom a token with a subject is for if a client sends it; nil if no rule fits.
    func owner(of subject: String, from client: String) -> Owner? {
        rules.first { $0.fits(subject, of: client) }?.owner
    }
}
