// SPDX-License-Identifier: Apache-2.0

import GrantKit

extension TokenTable {
    private static let unlisted = "its issuer is not among the 'issuers' of the plugin"
    private static let nobody = "no user has its issuer and subject among the 'identities'"
    private static let fits = Case("sub another that fits", claims: ["sub": "workload:other"], nil)

    /// An assertion with which a client authenticates.
    static let clientAssertion = TokenTable(
        required: ["iss", "sub", "aud", "exp", "jti"], unknownIssuer: named, wrongSubject: named, unknownSubject: named,
        tokenEndpoint: "must be the issuer", constraints: [], readsScope: false,
        types: ["JWT", "client-authentication+jwt"], isTypeOptional: true, code: "the setting 'methods' of the plugin",
        own: [Case("another client in 'client_id'", claims: ["client_id": "service"], nil)])
    private static let named = "its 'iss' and 'sub' must both be the identifier of the client"

    /// A token of a trusted issuer as a grant.
    static let grant = TokenTable(
        required: ["iss", "sub", "aud", "exp"], unknownIssuer: unlisted, wrongSubject: nil, unknownSubject: nobody,
        readsScope: true, types: ["JWT"], isTypeOptional: true,
        otherTypes: ["oauth-id-jag+jwt": "it is for another client"],
        own: [
            fits, Case("another client in 'client_id'", claims: ["client_id": "service"], nil),
            Case("an e-mail address of a user", claims: ["sub": "x", "email": "ann@example.com"], nobody),
        ])

    /// A token of a trusted issuer with which a client authenticates.
    static let federated = TokenTable(
        required: ["iss", "sub", "aud", "exp"], unknownIssuer: unlisted, wrongSubject: notHis, unknownSubject: notHis,
        readsScope: false, types: ["JWT"], isTypeOptional: true,
        own: [
            fits, Case("another client in 'client_id'", claims: ["client_id": "service"], nil),
            Case(
                "sub the issuer", claims: ["sub": .string(TrustedParty.issuer)],
                "its 'iss' and 'sub' are the same, as in the assertion of a client with keys"),
        ])
    private static let notHis = "its issuer and subject are not among 'federated' of the client"

    /// An identity assertion (ID-JAG).
    static let identityAssertion = TokenTable(
        required: ["iss", "sub", "aud", "exp", "iat", "jti", "client_id"], unknownIssuer: unlisted, wrongSubject: nil,
        unknownSubject: nobody, readsScope: true, types: ["oauth-id-jag+jwt"], isTypeOptional: false,
        own: identityAssertionOnly)

    private static var identityAssertionOnly: [Case] {
        let (client, away) = ("it is for another client", "the client may not have its 'resource'")
        let kind = "its 'resource' is not a string or a list of strings"
        let clients: [Form] = [
            ("absent", absent, client), ("empty", "", client), ("huge", huge, client), ("another's", "service", client),
            ("in capitals", "ROBOT", client), ("with a zero byte", "robot\u{0}", client),
        ]
        let resources: [Form] = [
            ("absent", absent, nil), ("null", null, kind), ("a number", 1, kind), ("true", true, kind),
            ("an object", [:], kind), ("empty", "", kind), ("an empty array", [], kind),
            ("an array with an empty string", [""], kind),
            ("an array with a number", ["https://api.example.com", 1], kind),
            ("of another", "https://else.example.com", away), ("huge", huge, away),
            ("of one of two", ["https://api.example.com", "https://else.example.com"], away),
            ("of both", ["https://api.example.com", "https://other.example.com"], nil),
        ]
        return claim("client_id", noStrings(client) + clients) + claim("resource", resources) + [
            Case("sub of a workload", claims: ["sub": "workload:1"], "an identity assertion is about a user")
        ]
    }
}
