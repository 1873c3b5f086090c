// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// Binds tokens to a key that the client holds (RFC 9449).
struct DPoP: Plugin, PossessionProof {
    static let manifest = PluginManifest(
        id: "dpop", summary: "tokens bound to a key of the client", specification: "RFC 9449")

    let proofMethod = "jkt"
    let tokenType = "DPoP"
    private let host: any LaterHost
    private let isRequired: ClientAttribute<Bool>

    init(settings: Settings, host: any PluginHost) throws {
        self.host = try host.lendingMore()
        isRequired = settings.clientAttribute(
            "dpop_bound_access_tokens", default: false, "whether requests without a proof are refused")
    }

    func register(in registry: inout Registry) {
        // A response must not wait until the use of its proof is durable.
        registry.add(collection: StoreCollection("dpop_proof", durability: .relaxed))
        registry.add(metadata: "dpop_signing_alg_values_supported", .union(["ES256"]))
        registry.add(later: self)
        registry.add(requestFilter: KeyBoundCode())
        registry.add(tokenFilter: KeyBoundToken(isRequired: isRequired))
    }

    /// A stateless nonce that is valid for two windows.
    func nonce(windowsBack: Int64 = 0) async throws -> String {
        let window = host.now.seconds / 300 - windowsBack
        return try await host.keys.authenticationCode("\(window)", purpose: "dpop-nonce")
    }

    func prove(_ head: RequestHead, client: Client, presenting token: PresentedToken?) async throws -> Proof? {
        let headers = head.headers.filter { $0.name == "dpop" }
        guard let header = headers.first else { return nil }
        do {
            guard headers.count == 1 else { throw ProofRefusal("there are several") }
            let (proof, thumbprint) = try await host.laterForeignKeys.verify(byItsOwnKey: header.value, rules)
            try checkClaims(proof.claims, head)
            try await checkNonce(proof.claims["nonce"]?.string)
            if let token, proof.claims["ath"]?.string != host.cryptography.digest(token.value) {
                throw ProofRefusal("it is for another token")
            }
            try await useUp(proof.claims, thumbprint)
            return Proof(
                confirmation: Confirmation(proofMethod, thumbprint, tokenType: tokenType),
                responseHeaders: ["DPoP-Nonce": try await nonce()])
        } catch let refusal as ProofRefusal {
            throw try await error(refusal.reason, refusal.code)
        } catch let refusal as JWTRefusal {
            throw try await error(refusal.reason)
        }
    }

    private var rules: JWTRules {
        var rules = JWTRules(types: ["dpop+jwt"])
        rules.required = ["htm", "htu", "iat", "jti"]
        return rules
    }

    private func checkClaims(_ claims: JSON, _ head: RequestHead) throws {
        guard claims["htm"]?.string == head.method, claims["htu"]?.string == origin + head.path else {
            throw ProofRefusal("it is for another request")
        }
        guard let issuedAt = claims["iat"]?.integer, abs(issuedAt - host.now.seconds) < 300 else {
            throw ProofRefusal("it is from another time")
        }
    }

    private func checkNonce(_ sent: String?) async throws {
        let (current, previous) = (try await nonce(), try await nonce(windowsBack: 1))
        guard sent == current || sent == previous else {
            throw ProofRefusal("it lacks a nonce of this server", .useDPoPNonce)
        }
    }

    /// Counts the use of a proof, outside of the response's writes, so that a refused request uses up its proof too.
    private func useUp(_ claims: JSON, _ thumbprint: String) async throws {
        guard let id = claims["jti"]?.string else { throw ProofRefusal("it lacks an identifier") }
        let key = StoreKey("dpop_proof", host.cryptography.digest(thumbprint + id))
        let uses = try await host.store.increment(key, expiresAt: host.now + .seconds(600))
        guard uses == 1 else { throw ProofRefusal("it was used before") }
    }

    /// The issuer without its path: the request has a path, and no header field is trusted for the rest of its URL.
    private var origin: String {
        host.issuer.split(separator: "/", maxSplits: 3, omittingEmptySubsequences: false).prefix(3)
            .joined(separator: "/")
    }

    private func error(_ reason: String, _ code: OAuthError.Code = .invalidDPoPProof) async throws -> OAuthError {
        OAuthError(
            code, "the DPoP proof is not accepted", reason: reason, headers: ["DPoP-Nonce": try await nonce()])
    }
}

/// Why a proof is refused, before the nonce for the next one is known.
private struct ProofRefusal: Error {
    let reason: String
    let code: OAuthError.Code

    init(_ reason: String, _ code: OAuthError.Code = .invalidDPoPProof) {
        self.reason = reason
        self.code = code
    }
}

/// The parameter `dpop_jkt`: only a client with this key can redeem the code (RFC 9449 section 10).
struct KeyBoundCode: AuthorizationRequestFilter {
    let parameters = [ParameterDeclaration("dpop_jkt", longest: 43)]

    func apply(_ request: AuthorizationRequest, _ policy: inout InteractionPolicy) async throws {
        policy.attachments[DPoP.manifest.id] = request.parameters["dpop_jkt"].map { ["jkt": .string($0)] }
    }
}

struct KeyBoundToken: TokenRequestFilter {
    let isRequired: ClientAttribute<Bool>

    func narrow(
        _ limits: inout AccessLimits, of authorization: Authorization, for request: TokenRequest
    ) async throws {
        let proved = authorization.confirmation.flatMap { $0.method == "jkt" ? $0.value : nil }
        if request.client[isRequired], proved == nil {
            throw OAuthError(.invalidDPoPProof, "this client must prove that it has a key")
        }
        let bound = authorization.attachments[DPoP.manifest.id]?["jkt"]?.string
        guard bound == nil || bound == proved else {
            throw OAuthError.invalidGrant(reason: "the code is bound to another key")
        }
    }
}

extension OAuthError.Code {
    static let invalidDPoPProof = OAuthError.Code(rawValue: "invalid_dpop_proof")
    static let useDPoPNonce = OAuthError.Code(rawValue: "use_dpop_nonce")
}
