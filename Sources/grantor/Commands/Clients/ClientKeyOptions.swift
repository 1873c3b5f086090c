// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Cryptography
import GrantKit

/// The options that say how a new client authenticates, if not with a generated secret.
struct ClientKeyOptions: ParsableArguments {
    @Option(
        name: .customLong("jwks"),
        help: ArgumentHelp(
            """
            A file with the client's public keys: a key set, a JWK, or a key in PEM. '-' is standard input. The client \
            gets no secret.
            """, valueName: "file"))
    var file: String?

    @Option(
        name: .customLong("jwks-uri"),
        help: ArgumentHelp("The URL of the client's key set. The client gets no secret.", valueName: "url"))
    var address: String?

    @Option(
        name: .customLong("auth-method"),
        help: ArgumentHelp(
            "The only method by which the client may authenticate, such as client_secret_basic or private_key_jwt.",
            valueName: "method"))
    var method: String?

    func validate() throws {
        if file != nil, address != nil {
            throw ValidationError("--jwks and --jwks-uri cannot be combined: a client has one of the two")
        }
    }

    /// Refuses options that contradict those about the secret.
    ///
    /// - Parameters:
    ///   - isPublic: Whether the client is to be public.
    ///   - hasSecret: Whether a secret is imported.
    /// - Throws: `ValidationError`.
    func validate(isPublic: Bool, hasSecret: Bool) throws {
        guard let keys = file != nil ? "--jwks" : address != nil ? "--jwks-uri" : nil else { return }
        if isPublic {
            throw ValidationError("--public and \(keys) cannot be combined: a client that uses its keys is not public")
        }
        if hasSecret, method == nil {
            throw ValidationError("--secret-file and \(keys) need --auth-method, which says what the client uses")
        }
    }

    /// Adds the keys and the method to a document.
    ///
    /// - Throws: `Failure` if the file cannot be read.
    func describe(_ client: inout JSON) throws {
        if let file {
            do {
                client["jwks"] = try PublicKeyFile.keySet(try KeyFile.contents(file))
            } catch let error as CryptographyError {
                throw Failure("the file '\(file)' cannot be used: \(error)")
            }
        }
        if let address { client["jwks_uri"] = .string(address) }
        if let method { client["token_endpoint_auth_method"] = .string(method) }
    }
}
