// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// Signs users in at another OpenID provider.
///
/// It can be loaded several times, under different names.
struct UpstreamOpenID: Plugin, LaterStep {
    static let manifest = PluginManifest(
        id: "upstream-openid", summary: "sign-in at another provider", specification: "OpenID Connect Core 1.0")

    let phase = StepPhase.identify
    private let host: any LaterHost
    private let issuer: String
    private let client: String
    private let links = StoreCollection("upstream_link")

    init(settings: Settings, host: any PluginHost) throws {
        self.host = try host.lendingMore()
        issuer = try settings.read("issuer", example: "https://op.example.com", "the provider")
        client = try settings.read("client_id", example: "grantor", "the identifier of this server at the provider")
    }

    /// Named after the instance, since two providers are two steps.
    var name: String { host.name }
    var offer: StepOffer? { StepOffer(label: "\(host.name)_button", style: .button) }

    func register(in registry: inout Registry) {
        registry.add(collection: links)
        registry.add(later: self)
    }

    func advance(_ visit: StepVisit, submitted: Parameters) async throws -> LaterOutcome {
        guard let returned = visit.returned else {
            let nonce = host.random(bytes: 16)
            let address = try WebAddress("\(issuer)/authorize").adding([
                (name: "client_id", value: client), (name: "redirect_uri", value: visit.returnAddress),
                (name: "state", value: visit.returnState), (name: "nonce", value: nonce),
            ])
            return .leave(address, kept: ["nonce": .string(nonce)])
        }
        // A response of another provider would be redeemed here otherwise (RFC 9207).
        guard returned["error"] == nil, returned["iss"] == nil || returned["iss"] == issuer else {
            return .refuse(OAuthError(.accessDenied, reason: "the provider refused, or another one answered"))
        }
        let claims = try await redeem(try returned.required("code"))
        guard let remote = claims["sub"]?.string, let nonce = visit.interaction.kept?["nonce"], claims["nonce"] == nonce
        else { return .refuse(OAuthError(.accessDenied, reason: "the ID token is for another sign-in")) }
        return try await signIn(remote)
    }

    private func redeem(_ code: String) async throws -> JSON {
        let form = "grant_type=authorization_code&code=\(code.percentEncoded)"
        let request = OutboundRequest("POST", "\(issuer)/token", body: Array(form.utf8))
        let token = try JSON(parsing: try await host.outbound.send(request).body)["id_token"]?.string ?? ""
        do {
            let rules = JWTRules(types: ["JWT"], issuer: issuer, audience: [client])
            return try await host.foreignKeys.verify(token, by: .address("\(issuer)/jwks"), rules).claims
        } catch let refusal as JWTRefusal {
            throw OAuthError(.accessDenied, reason: refusal.reason)
        }
    }

    /// The user who has linked the account.
    ///
    /// An equal mail address is no link, since nobody may have checked it.
    private func signIn(_ remote: String) async throws -> LaterOutcome {
        guard var link = try await host.store.read(links.key(host.cryptography.digest("\(issuer) \(remote)"))),
            let user = try await host.users.find(link.value["user"]?.string ?? ""), user.isActive
        else { return .refuse(OAuthError(.accessDenied, reason: "no active user has linked the account")) }
        link.value["used_at"] = .integer(host.now.seconds)
        let writes = [StoreWrite.replace(link, ifVersion: link.version)]
        return .done(LaterResult(StepResult(user: user, amr: ["fed"]), writes: writes))
    }
}
