// SPDX-License-Identifier: Apache-2.0

import GrantKit
import OutsideText

/// A client with what the core alone knows of it; a class, since it is passed on many times in each request.
final class RegisteredClient: Sendable {
    let client: Client
    let secrets: [ClientSecret]
    /// The origins whose scripts may read answers to this client.
    let allowedOrigins: Set<String>
    /// What governs its tokens, by the key of the grant they come from.
    let plans: [String: TokenPlan]
    /// Where answers may be sent, by the key of the grant that they belong to.
    let redirects: [String: [RedirectURI]]
    /// Whether it is of one house with the server, so that nobody has to consent.
    let isFirstParty: Bool
    /// What ends all that was granted to it when it changes; nil where the configuration declares it.
    let epoch: Int64?

    init(
        client: Client, secrets: [ClientSecret], allowedOrigins: Set<String>, plans: [String: TokenPlan],
        redirects: [String: [RedirectURI]], isFirstParty: Bool, epoch: Int64?
    ) {
        self.client = client
        self.secrets = secrets
        self.allowedOrigins = allowedOrigins
        self.plans = plans
        self.redirects = redirects
        self.isFirstParty = isFirstParty
        self.epoch = epoch
    }
}

/// What governs the tokens that a client gets under one grant.
struct TokenPlan: Sendable {
    let format: any TokenFormat
    let lifetime: Duration
    let audience: AudienceRule
}

/// The audiences that a client may ask tokens for.
struct AudienceRule: Sendable {
    private let names: [String]
    private let patterns: [AudiencePattern]

    /// Reads a list in which an entry that starts with `#` is a pattern of the whole audience.
    ///
    /// - Throws: What is wrong with the first pattern that cannot be used.
    init(_ entries: [String]) throws(AudiencePattern.Problem) {
        var (names, patterns): ([String], [AudiencePattern]) = ([], [])
        for entry in entries {
            if let pattern = AudienceRule.pattern(in: entry) {
                patterns.append(try AudiencePattern(pattern))
            } else {
                names.append(entry)
            }
        }
        (self.names, self.patterns) = (names, patterns)
    }

    /// The pattern of an entry, nil if the entry is a name.
    static func pattern(in entry: String) -> String? {
        entry.utf8.first == UInt8(ascii: "#") ? String(decoding: entry.utf8.dropFirst(), as: UTF8.self) : nil
    }

    /// Narrows to what a request asks for.
    ///
    /// - Parameters:
    ///   - asked: The audiences that it asked for.
    ///   - own: The server itself, where the scope is for what it serves too: a client with an API of its own should not
    ///     have to ask for both.
    /// - Returns: What is allowed of what it asked for, all names if it asked for none.
    func narrow(to asked: [String], and own: String?) -> [String] {
        guard asked.isEmpty else { return asked.filter(allows) }
        guard let own, !names.isEmpty, !names.contains(own) else { return names }
        return names + [own]
    }

    /// Whether an audience is one of the names or matches a pattern; byte for byte, since Swift's own comparison takes
    /// different bytes for one text.
    func allows(_ audience: String) -> Bool {
        names.contains { $0.utf8.elementsEqual(audience.utf8) }
            || patterns.contains { $0.matches(audience.utf8) }
    }
}
