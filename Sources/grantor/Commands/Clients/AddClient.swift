// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import AuthorizationServer
import Foundation
import GrantKit
import OutsideText
import ServerConfiguration

/// `grantor clients add`.
struct AddClient: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "add", abstract: "Adds a client.",
        discussion: """
            Describe the client by options, by a document with the same keys as a client in the configuration, or by \
            both. Options override the document:

              grantor clients add orders --grant client_credentials --scope "invoices.read invoices.write"
              grantor clients add --document orders.yaml
              aidbox-export | grantor clients add --document -

            The command generates a secret and prints it once; the store keeps only a digest. To import a secret, or a \
            hash of one as Aidbox writes it, put it into the document or into a file for --secret-file.

            A client that authenticates with a key needs no secret. The server gets the public half only:

              openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out orders.pem
              openssl pkey -in orders.pem -pubout | grantor clients add orders --jwks - --grant client_credentials
            """)

    @Argument(help: "The id: 1 to 256 printable ASCII characters. By default, a random id is generated and printed.")
    var id: String?

    @Option(
        name: .shortAndLong,
        help: ArgumentHelp(
            "A YAML or JSON file that describes the client, or '-' for standard input.", valueName: "file"))
    var document: String?

    @Option(name: .customLong("grant"), help: "A grant that the client may use. May be repeated.")
    var grants: [String] = []

    @Option(help: "The scope that the client may ask for: scope values separated by spaces.")
    var scope: String?

    @Option(name: .customLong("redirect-uri"), help: "A redirect URI. May be repeated.")
    var redirectURIs: [String] = []

    @Option(help: "The name that users see.")
    var name: String?

    @Flag(
        name: .customLong("public"), help: "Adds a client without a secret, such as an application in a browser.")
    var isPublic = false

    @Option(
        name: .customLong("secret-file"),
        help: ArgumentHelp(
            "A file that contains the secret to import, or '-' for standard input.", valueName: "file"))
    var secretFile: String?

    @OptionGroup var keys: ClientKeyOptions
    @OptionGroup var option: ConfigurationOption

    func validate() throws {
        if isPublic, secretFile != nil { throw ValidationError("--public and --secret-file cannot be combined") }
        if isPublic, let method = keys.method, method != "none" {
            throw ValidationError("--public and --auth-method \(method) cannot be combined")
        }
        try keys.validate(isPublic: isPublic, hasSecret: secretFile != nil)
        guard [document, secretFile, keys.file].filter({ $0 == "-" }).count < 2 else {
            throw ValidationError("only one of --document, --secret-file and --jwks can be standard input")
        }
    }

    func run() async throws {
        defer { LogWriter.standardError.flush() }
        // Before the configuration is opened, since relative paths start at the current folder and not at its folder.
        let file = try document.map(read)
        guard file?.diagnostics.hasErrors != true else { throw refused(file) }
        var client = try described(file?.document ?? [:])
        try keys.describe(&client)
        if case .object = client, client["id"] == nil { client["id"] = .string(UUID().uuidString.raw.lowercased()) }
        let change = try await OpenStore.with(option) { [client] open in
            do {
                return try await open.changing(StoredClient.self, "added") { clients in
                    try await clients.create(client)
                }
            } catch let refusal as DocumentRefusal where file != nil && refusal.kind == .invalid {
                file?.report(refusal.problems)
                throw refused(file)
            }
        }
        if let file {
            file.report(change.warnings, .warning)
            file.diagnostics.print()
        } else {
            for warning in change.warnings { LogWriter.standardError.write("warning: \(warning.message)\n") }
        }
        StandardOutput.print("client_id      \(change.entry.id)")
        if let secret = change.secret { StandardOutput.print("client_secret  \(secret.exposed)") }
    }

    private func refused(_ file: DocumentFile?) -> ExitCode {
        file?.diagnostics.print()
        return ExitCode(EX_DATAERR)
    }

    private func described(_ document: JSON) throws -> JSON {
        var client = document
        if let id { client["id"] = .string(id) }
        if let name { client["name"] = .string(name) }
        if !grants.isEmpty { client["grant_types"] = .strings(grants) }
        if let scope { client["scope"] = .strings(scope.raw.split(at: " ").map(\.string)) }
        if !redirectURIs.isEmpty { client["redirect_uri"] = .strings(redirectURIs) }
        if let secretFile { client["secret"] = .string(try PasswordInput.contents(secretFile)) }
        if isPublic { client["secret"] = .null }
        return client
    }

    private func read(_ name: String) throws -> DocumentFile {
        let handle = name == "-" ? FileHandle.standardInput : FileHandle(forReadingAtPath: name)
        guard let handle, let data = try? handle.read(upToCount: Limit.body + 1) ?? Data(), data.count <= Limit.body
        else { throw Failure("the document '\(name)' cannot be read or is larger than \(Limit.body) bytes") }
        return DocumentFile(
            Array(data), name: name == "-" ? "standard input" : name, references: ConfigurationFile.references)
    }
}
