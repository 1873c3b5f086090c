// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import AuthorizationServer
import Foundation
import ServerConfiguration

/// `grantor clients assertion`.
struct PrintAssertion: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "assertion", abstract: "Prints an assertion that a client signs with its key.",
        discussion: """
            Signs on this machine and sends nothing. The server accepts the assertion once, within a minute:

              curl -d grant_type=client_credentials \\
                -d client_assertion_type=urn:ietf:params:oauth:client-assertion-type:jwt-bearer \\
                -d client_assertion=$(grantor clients assertion orders --key orders.pem) \\
                https://id.example.com/auth/token

            The key's algorithm is the 'alg' of its JWK, here or in the client's 'jwks', and RS256 for any other RSA \\
            key. Use this for tests; a client signs its assertions itself.
            """)

    @OptionGroup var document: DocumentArgument<StoredClient>
    @Option(
        name: .customLong("key"),
        help: ArgumentHelp("The client's private key: a file in PEM or with a JWK.", valueName: "file"))
    var key: String
    @OptionGroup var option: ConfigurationOption

    func run() throws {
        defer { LogWriter.standardError.flush() }
        let key = try PrivateKey(file: key)
        let (configuration, diagnostics) = try ConfigurationFile(option.config).read()
        guard !diagnostics.hasErrors else {
            diagnostics.print()
            throw ExitCode(EX_CONFIG)
        }
        let signer = try ClientSigner(key, of: document.id, configuration)
        StandardOutput.print(try signer.assertion())
    }
}
