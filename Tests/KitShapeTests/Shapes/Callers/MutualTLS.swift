// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// Clients that authenticate with a TLS certificate, and tokens that are bound to one (RFC 8705).
struct MutualTLS: Plugin {
    static let manifest = PluginManifest(
        id: "mutual-tls", summary: "clients with a certificate", specification: "RFC 8705")

    private let host: any LaterHost
    private let isBound: ClientAttribute<Bool>

    init(settings: Settings, host: any PluginHost) throws {
        self.host = try host.lendingMore()
        isBound = settings.clientAttribute(
            "tls_client_certificate_bound_access_tokens", default: false, "whether tokens are bound to the certificate")
    }

    func register(in registry: inout Registry) {
        registry.add(metadata: "tls_client_certificate_bound_access_tokens", .value(true))
        registry.add(authenticator: CertificateAuthenticator(host: host))
        registry.add(later: CertificateProof(host: host, isBound: isBound))
    }

    static func thumbprint(_ certificate: [UInt8], _ host: any LaterHost) -> String {
        host.laterCryptography.digest(certificate)
    }
}

/// The method `self_signed_tls_client_auth`: the certificate is one of the client's keys (section 2.2).
struct CertificateAuthenticator: ClientAuthenticator {
    let host: any LaterHost
    let methods = [AuthenticationMethod("self_signed_tls_client_auth", with: .keys)]
    let parameters = [ParameterDeclaration("client_id", longest: 256)]

    func claim(in request: AuthenticationRequest) async throws -> ClientClaim? {
        guard request.head.certificate != nil, let id = request.parameters["client_id"] else { return nil }
        return ClientClaim(clientID: id, method: "self_signed_tls_client_auth")
    }

    func prove(_ claim: ClientClaim, of client: Client, in request: AuthenticationRequest) async throws {
        let keys = client.document["jwks"]?["keys"]?.elements ?? []
        guard let certificate = request.head.certificate,
            keys.contains(where: { $0["x5t#S256"]?.string == MutualTLS.thumbprint(certificate, host) })
        else { throw OAuthError(.invalidClient, reason: "the certificate is not one of the client's") }
    }
}

/// Binds tokens to the certificate of the connection (section 3).
struct CertificateProof: PossessionProof {
    let host: any LaterHost
    let isBound: ClientAttribute<Bool>
    let proofMethod = "x5t#S256"
    let tokenType = "Bearer"

    func prove(_ head: RequestHead, client: Client, presenting token: PresentedToken?) async throws -> Proof? {
        let isAsked = client[isBound] || token?.token.authorization.confirmation?.method == proofMethod
        guard isAsked, let certificate = head.certificate else { return nil }
        let thumbprint = MutualTLS.thumbprint(certificate, host)
        return Proof(confirmation: Confirmation(proofMethod, thumbprint, tokenType: tokenType))
    }
}
