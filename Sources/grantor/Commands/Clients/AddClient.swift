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
        commandName: "add", abstract: "Makes a client.",
        discussion: """
            The client is described by options, by a document with the keys of a client in the configuration, or by \
            both, where options win:

              grantor clients add orders --grant client_credentials --scope "invoices.read invoices.write"
              grantor clients add --document orders.yaml
              aidbox-export | grantor clients add --document -

            The server makes the secret and prints it, this once; the store knows it by its digest. An imported secret, \
            also as the hash that Aidbox writes, is in the document or in --secret-file.
            """)

    @Argument(help: "The id: 1 to 256 printable ASCII characters. Without it a random one is made and printed.")
    var id: String?

    @Option(
        name: .shortAndLong,
        help: ArgumentHelp("A YAML or JSON file with the client, or '-' for standard input.", valueName: "file"))
    var document: String?

    @Option(name: .customLong("grant"), help: "A grant that it may use; may be given several times.")
    var grants: [String] = []

    @Option(help: "The scope that it may have, words separated by spaces.")
    var scope: String?

    @Option(name: .customLong("redirect-uri"), help: "Where answers may be sent; may be given several times.")
    var redirectURIs: [String] = []

    @Option(help: "The name that people see.")
    var name: String?

    @Flag(
        name: .customLong("public"), help: "Makes a client without a secret, such as an application in a browser.")
    var isPublic = false

    @Option(
        name: .customLong("secret-file"),
        help: ArgumentHelp(
            "The file that holds an imported secret, or '-' for standard input.", valueName: "file"))
    var secretFile: String?

    @OptionGroup var option: ConfigurationOption

    func validate() throws {
        if isPublic, secretFile != nil { throw ValidationError("--public and --secret-file exclude each other") }
        if document == "-", secretFile == "-" { throw ValidationError("only one of two can be standard input") }
    }

    func run() async throws {
        // A relative path is meant from here, not from the configuration's folder.
        let file = try document.map(read)
        guard file?.diagnostics.hasErrors != true else { throw refused(file) }
        var client = try described(file?.document ?? [:])
        // Known before the change, so that its event names it.
        if case .object = client, client["id"] == nil { client["id"] = .string(UUID().uuidString.raw.lowercased()) }
        let change = try await OpenStore.with(option) { [client] open in
            do {
                return try await open.changing(StoredClient.self, client["id"]?.string ?? "", "added") { clients in
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
        }
        print("client_id      \(change.entry.id)")
        if let secret = change.secret { print("client_secret  \(secret.exposed)") }
    }

    private func refused(_ file: DocumentFile?) -> ExitCode {
        file?.diagnostics.print()
        LogWriter.standardError.flush()
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
        else { throw Failure("the document '\(name)' cannot be read, or is larger than \(Limit.body) bytes") }
        return DocumentFile(
            Array(data), name: name == "-" ? "standard input" : name, references: ConfigurationFile.references)
    }
}
