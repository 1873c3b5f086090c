// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// Trust in clients by a federation (OpenID Federation 1.1).
struct Federation: Plugin, ClientResolver {
    static let manifest = PluginManifest(
        id: "federation", summary: "clients of a federation", specification: "OpenID Federation 1.1")

    let prefix = "https://"
    private let host: any LaterHost
    private let anchor: String
    private let anchorKeys: String

    init(settings: Settings, host: any PluginHost) throws {
        self.host = try host.lendingMore()
        anchor = try settings.read("anchor", example: "https://anchor.example.com", "the trust anchor")
        anchorKeys = try settings.read("anchor_keys", example: #"{"keys":[{"kid":"anchor"}]}"#, "its keys, as JSON")
    }

    func register(in registry: inout Registry) {
        registry.add(later: EntityStatement(host: host, anchor: anchor))
        registry.add(later: self)
    }

    /// The client as the anchor describes it, with the keys that the anchor vouches for.
    func resolve(_ id: String) async throws -> ResolvedClient? {
        let address = "\(anchor)/fetch?sub=\(id.percentEncoded)"
        let reply = try await host.outbound.send(OutboundRequest("GET", address))
        guard reply.status == 200 else { return nil }
        do {
            let statement = String(decoding: reply.body, as: UTF8.self)
            let rules = JWTRules(types: ["entity-statement+jwt"], issuer: anchor)
            let keys = KeySource.keys(try host.foreignKeys.keys(in: try JSON(parsing: anchorKeys)))
            let claims = try await host.foreignKeys.verify(statement, by: keys, rules).claims
            guard claims["sub"]?.string == id, let end = claims["exp"]?.integer else { return nil }
            let ceiling = ClientCeiling(
                grants: ["authorization_code"], scope: ["openid"], methods: ["private_key_jwt"],
                members: ["redirect_uris", "jwks"])
            return ResolvedClient(
                registration: claims["metadata"]?["openid_relying_party"] ?? [:], ceiling: ceiling,
                goodUntil: Timestamp(seconds: end))
        } catch is JWTRefusal {
            return nil
        }
    }
}

/// What this server says about itself, signed (section 9), at a path that follows the issuer's.
struct EntityStatement: LaterEndpoint {
    typealias Who = Anyone

    let host: any LaterHost
    let anchor: String
    let route = Route(["GET"], "/openid-federation", below: .wellKnown)
    let admission = LaterAdmission.anyone

    func respond(to request: EndpointRequest<Anyone>) async throws -> Reply {
        let claims: JSON = [
            "iss": .string(host.issuer), "sub": .string(host.issuer), "iat": .integer(host.now.seconds),
            "exp": .integer((host.now + .seconds(86400)).seconds), "authority_hints": .strings([anchor]),
        ]
        let statement = try await host.keys.sign(claims, type: "entity-statement+jwt", algorithm: nil)
        var reply = Reply(EndpointResponse.file(Array(statement.utf8), mediaType: "application/entity-statement+jwt"))
        reply.freshFor = .seconds(3600)
        return reply
    }
}
