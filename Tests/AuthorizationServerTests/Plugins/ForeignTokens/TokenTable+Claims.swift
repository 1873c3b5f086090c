// SPDX-License-Identifier: Apache-2.0

import GrantKit

extension TokenTable {
    // MARK: who

    /// Wrong issuers and subjects.
    var parties: [Case] {
        let absent: Form = ("absent", Self.absent, unknownIssuer)
        let issuers: [Form] = [
            absent, ("empty", "", unknownIssuer), ("huge", Self.huge, unknownIssuer),
            ("another's", "https://other.example.com", unknownIssuer),
            ("with a slash", "https://idp.example.com/", unknownIssuer),
            ("in capitals", "HTTPS://IDP.EXAMPLE.COM", unknownIssuer), ("of another client", "service", unknownIssuer),
            ("this server", .string(Self.server), unknownIssuer), ("with a zero byte", "robot\u{0}", unknownIssuer),
        ]
        let noString = wrongSubject ?? "its 'sub' is not a string"
        let none = wrongSubject ?? "it has no 'sub'"
        let subjects: [Form] = [
            ("absent", Self.absent, none), ("empty", "", none), ("huge", Self.huge, unknownSubject),
            ("of another client", "service", unknownSubject), ("nearly right", "robot ", unknownSubject),
            ("in capitals", "WORKLOAD:1", unknownSubject), ("the asterisk", "*", unknownSubject),
            ("without what follows", "workload:", unknownSubject),
            ("with something before", "a-workload:1", unknownSubject),
            ("with a zero byte", "workload\u{0}:1", unknownSubject),
            ("an e-mail address of a user", "ann@example.com", unknownSubject),
            ("the id of a user", "ann", unknownSubject),
        ]
        return Self.claim("iss", Self.noStrings(unknownIssuer) + issuers)
            + Self.claim("sub", Self.noStrings(noString) + subjects)
    }

    // MARK: audience and times

    var audiences: [Case] {
        let (elsewhere, others) = ("it is for another audience", "it is for other audiences too")
        let (kind, none) = ("its 'aud' is not a string or a list of strings", "it has no 'aud'")
        let own = JSON.string(Self.server)
        return Self.claim(
            "aud",
            [
                ("absent", Self.absent, none), ("null", Self.null, kind), ("a number", 1, kind), ("true", true, kind),
                ("an object", [:], kind), ("empty", "", none), ("an empty array", [], none),
                ("huge", Self.huge, elsewhere),
                ("an array of just it", [own], nil),
                ("an array with another", [own, "https://other.example.com"], others),
                ("an array with it twice", [own, own], others), ("an array with a number", [own, 1], kind),
                ("an array in an array", [[own]], kind), ("with a slash", .string(Self.server + "/"), elsewhere),
                ("in capitals", "HTTPS://ID.EXAMPLE.COM", elsewhere),
                ("with a space", .string(Self.server + " "), elsewhere),
                ("another server", "https://other.example.com", elsewhere), ("the client", "robot", elsewhere),
                ("the token endpoint", .string(Self.server + "/auth/token"), tokenEndpoint),
                ("the token endpoint's alias", .string(Self.server + "/oauth2/token"), elsewhere),
                ("the introspection endpoint", .string(Self.server + "/auth/introspect"), elsewhere),
            ])
    }

    private static func noTimes(_ name: String) -> [Form] {
        let kind = "its '\(name)' is not a time"
        return [
            ("null", null, kind), ("text", "1800000060", kind), ("empty", "", kind), ("true", true, kind),
            ("an array", [1], kind), ("an object", [:], kind), ("too large to be a time", .number(1e300), kind),
            ("too small to be a time", .number(-1e300), kind),
        ]
    }

    private func starts(_ name: String) -> [Case] {
        let future = "its '\(name)' is in the future"
        let forms: [Form] = [
            ("absent", Self.absent, missing(name)), ("in the past", .integer(Self.now - 9999), nil),
            ("at the beginning of time", .integer(.min), nil), ("8 seconds ahead", .integer(Self.now + 8), nil),
            ("60 seconds ahead", .integer(Self.now + 60), future),
            ("a fraction too far ahead", .number(Double(Self.now) + 31.5), future),
            ("at the end of time", .integer(.max), future),
        ]
        return Self.claim(name, Self.noTimes(name) + forms)
    }

    var moments: [Case] {
        let (expired, long) = ("it has expired", "it is valid for too long")
        let ends: [Form] = [
            ("absent", Self.absent, missing("exp")), ("now", .integer(Self.now), expired),
            ("in the past", .integer(Self.now - 300), expired), ("negative", -1, expired),
            ("at the beginning of time", .integer(.min), expired), ("in a second", .integer(Self.now + 1), nil),
            ("with a fraction", .number(Double(Self.now) + 30.5), nil), ("in an hour", .integer(Self.now + 3600), nil),
            ("in an hour of a fast clock", .integer(Self.now + 3630), nil),
            ("far ahead", .integer(Self.now + 3700), long), ("at the end of time", .integer(.max), long),
        ]
        return Self.claim("exp", Self.noTimes("exp") + ends) + starts("nbf") + starts("iat")
    }

    // MARK: the other claims

    var identifiers: [Case] {
        // A 'jti' that is there counts, even if it need not be.
        let forms: [Form] = [
            ("absent", Self.absent, missing("jti")), ("empty", "", "it has no 'jti'"), ("huge", Self.huge, nil),
            ("with a zero byte", "a\u{0}b", nil),
        ]
        return Self.claim("jti", Self.noStrings("its 'jti' is not a string") + forms)
    }

    var otherClaims: [Case] {
        let scope = Self.noStrings(readsScope ? "its 'scope' is not a string" : nil)
        let words: [Form] = [
            ("absent", Self.absent, nil), ("empty", "", nil), ("of one value", "read", nil), ("of another", "all", nil),
            ("huge", Self.huge, nil),
        ]
        let restricted = ["cnf", "act", "authorization_details", "events"].flatMap { name in
            let rule = constraints.contains(name) ? "it has '\(name)', a constraint" : nil
            return Self.claim(name, Self.noStrings(rule) + [("a string", "a", rule), ("empty", "", rule)])
        }
        return Self.claim("scope", scope + words) + restricted + [
            Case("claims that nobody knows", claims: ["admin": true, "groups": ["admins"], "azp": "x"], nil)
        ]
    }
}
