// SPDX-License-Identifier: Apache-2.0

import Cryptography
import GrantKit
import ServerConfiguration

/// Signs assertions for a command that acts as a client with a key (RFC 7523 section 2.2).
struct ClientSigner {
    /// The method by which such a client authenticates.
    static let method = "private_key_jwt"
    static let type = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
    private static let lifetime = Duration.seconds(60)

    let client: String
    /// The name of the key's file, as it was given.
    let file: String
    private let issuer: String
    private let signed: SignedAssertion

    /// Checks the key against the client's keys, if the configuration has them.
    ///
    /// - Parameters:
    ///   - key: The private key.
    ///   - client: The id of the client; the configuration need not declare it.
    ///   - configuration: The configuration of the server.
    /// - Throws: `Failure` if the key cannot be used.
    init(_ key: PrivateKey, of client: String, _ configuration: Configuration) throws {
        (self.client, file, issuer) = (client, key.file, configuration.issuer)
        let document = configuration.clients.first { $0["id"]?.string == client }
        do {
            signed = try SignedAssertion(key.text, passphrase: key.passphrase, among: document?["jwks"])
        } catch let error as CryptographyError {
            throw Failure("the key '\(key.file)' cannot be used for client '\(client)': \(error)")
        }
    }

    /// An assertion that the server accepts once.
    func assertion() throws -> String {
        try signed.sign(by: client, for: issuer, at: SystemEnvironment().now, lasting: ClientSigner.lifetime)
    }

    /// The command line that prints another assertion.
    ///
    /// - Parameter config: The file that contains the configuration, as it was given.
    /// - Returns: A command for a shell.
    func command(_ config: String) -> String {
        let more = config == ConfigurationOption.standard ? [] : ["--config", config]
        let words = ["clients", "assertion", client, "--key", file] + more
        return ([Installation.command] + words.map(CurlRequest.quoted)).joined(separator: " ")
    }
}
