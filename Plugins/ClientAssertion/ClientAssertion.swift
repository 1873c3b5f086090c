// SPDX-License-Identifier: Apache-2.0

import CPluginABI
import GrantKit

/// Clients that authenticate with an assertion that they have signed (RFC 7523 section 2.2, RFC 10070).
struct ClientAssertion: Plugin {
    static let manifest = PluginManifest(
        id: "client-assertion", summary: "clients authenticate with a signed assertion",
        specification: "RFC 7521, RFC 7523, RFC 10070")

    private let authenticator: AssertionAuthenticator

    init(settings: Settings, host: any PluginHost) throws {
        let algorithms = settings.read(
            "algorithms", default: SigningAlgorithms.asymmetric,
            "the signature algorithms that are accepted from any client with keys")
        authenticator = AssertionAuthenticator(
            host: host, algorithms: algorithms,
            accepted: settings.read(
                "methods", default: AssertionMethods.usual,
                "the methods that clients may use: private_key_jwt, client_secret_jwt or both"),
            longestLife: settings.read(
                "longest_life", default: .seconds(3600), in: .seconds(60)...(.seconds(86400)),
                "how far ahead the 'exp' of an assertion may be"),
            ownAlgorithms: settings.clientAttribute(
                "token_endpoint_auth_signing_alg", default: SigningAlgorithms.any,
                "the signature algorithms that are accepted from this client; empty for all of the plugin"),
            audience: settings.clientAttribute(
                "assertion_audience", default: AssertionAudience.issuer, among: AssertionAudience.all,
                advice: [AssertionAudience.tokenEndpoint: AssertionAudience.advice],
                "the audience of its assertions: the issuer, or the URL of the token endpoint too"))
        guard !algorithms.names.isEmpty, algorithms.names.allSatisfy(SigningAlgorithms.asymmetric.contains) else {
            throw ConfigurationError("'algorithms' must name asymmetric algorithms, such as ES256", at: "algorithms")
        }
    }

    func register(in registry: inout Registry) {
        registry.add(authenticator: authenticator)
    }
}

/// The handshake that the server reads before it loads this library.
@c(client_assertion_plugin_abi)
public func clientAssertionPluginABI() -> UnsafeRawPointer? {
    unsafe grantor_plugin_abi()
}

/// Hands the plugin to the server.
@c(client_assertion_plugin_make)
public func clientAssertionPluginMake() -> UnsafeMutableRawPointer {
    unsafe PluginExport.make(ClientAssertion.self)
}
