// SPDX-License-Identifier: Apache-2.0

import GrantKit
@_spi(Host) import GrantKitTesting

/// Faults of authenticators, and authenticators without one.
enum AuthenticatorMutants {
    private static let names = "its methods and the parameters that it reads are words of its own"
    private static let claims = "it claims no client in a request that does not use its methods"
    private static let right = "it authenticates the client that it is meant for"
    private static let keys = "it refuses a client that has other keys"
    private static let strange = "it refuses strange credentials with an OAuth error, and does not repeat them"
    private static let store = "if the store fails, it authenticates nobody, and works again later"

    // MARK: without a fault

    static let sound: [(name: String, plugin: PluginUnderTest)] = [
        ("a signed letter", ClosureAuthenticator.underTest()),
        (
            "a signed letter of many methods",
            ClosureAuthenticator.underTest { $0.methods.append(AuthenticationMethod("parcel", with: .other)) }
        ),
    ]

    // MARK: with one

    static let all: [Mutant] = [
        Mutant(
            "a method has a space", breaks: names, says: "the method 'my letter'",
            ClosureAuthenticator.underTest { $0.methods = [AuthenticationMethod("my letter", with: .keys)] }),
        Mutant(
            "a method is the server's", breaks: names, says: "'client_secret_post' belongs to the server",
            ClosureAuthenticator.underTest {
                $0.methods.append(AuthenticationMethod("client_secret_post", with: .secret))
            }),
        Mutant(
            "a parameter has a space", breaks: names, says: "the parameter 'my letter'",
            ClosureAuthenticator.underTest { $0.parameters.append(ParameterDeclaration("my letter")) }),
        Mutant(
            "it refuses requests without its parameter", breaks: claims, says: "return nil from 'claim'",
            ClosureAuthenticator.underTest {
                $0.claim = { request in
                    _ = try request.parameters.required("letter")
                    return ClientClaim(clientID: "robot", method: "letter")
                }
            }),
        Mutant(
            "it claims another client", breaks: right, says: "the request of 'robot' is",
            ClosureAuthenticator.underTest {
                $0.claim = { request in
                    request.parameters["letter"].map { _ in ClientClaim(clientID: "service", method: "letter") }
                }
            }),
        Mutant(
            "it claims by an undeclared method", breaks: right, says: "which is not among its methods",
            ClosureAuthenticator.underTest {
                $0.claim = { request in
                    request.parameters["letter"].map { _ in ClientClaim(clientID: "robot", method: "parcel") }
                }
            }),
        Mutant(
            "it reads a parameter by another name", breaks: right, says: "reads the parameter 'lettre'",
            ClosureAuthenticator.underTest {
                $0.prove = { _, request, _ in _ = request.parameters["lettre"] }
            }),
        Mutant(
            "it believes everything", breaks: keys, says: "although it has other keys",
            ClosureAuthenticator.underTest { $0.prove = { _, _, _ in } }),
        Mutant(
            "it repeats what it refuses", breaks: strange, says: "an error that repeats what was sent",
            ClosureAuthenticator.underTest {
                $0.prove = { client, request, host in
                    do {
                        try await ClosureAuthenticator.check(client, request, host)
                    } catch let error as OAuthError where error.code == .invalidClient {
                        throw OAuthError(.invalidClient, "not '\(request.parameters["letter"] ?? "")'")
                    }
                }
            }),
        Mutant(
            "it throws an error of its own", breaks: strange, says: "throw an OAuthError",
            ClosureAuthenticator.underTest {
                $0.prove = { client, request, host in
                    do {
                        try await ClosureAuthenticator.check(client, request, host)
                    } catch is OAuthError {
                        throw Faults.OwnError()
                    }
                }
            }),
        Mutant(
            "it takes a failing store for a yes", breaks: store, says: "continued as if nothing had happened",
            ClosureAuthenticator.underTest {
                $0.prove = { client, request, host in
                    do {
                        try await ClosureAuthenticator.check(client, request, host)
                    } catch is StoreError {}
                }
            }),
    ]
}
