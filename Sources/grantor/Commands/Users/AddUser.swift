// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import AuthorizationServer
import Foundation
import GrantKit
import OutsideText

/// `grantor users add`.
struct AddUser: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "add", abstract: "Makes a user.",
        discussion: """
            The command asks for the password, twice and without showing it. For scripts:

              grantor users add ann --email ann@example.com --password-file - < secrets/ann

            A password may also be an imported hash: Argon2id, bcrypt, PBKDF2, or scrypt as Aidbox \
            writes it. It is replaced by Argon2id when its owner signs in.

            A person signs in with the id, the user name or the address; each of them belongs to one user alone, \
            whatever its case. 'sub' of tokens is the id, which never changes.
            """)

    @Argument(help: "The id: 1 to 255 printable ASCII characters. Without it a random one is made and printed.")
    var id: String?

    @Option(help: "The e-mail address.")
    var email: String?

    @Option(name: .customLong("user-name"), help: "The name to sign in with, if it is not the id.")
    var userName: String?

    @Option(help: "Claims about the person as a JSON object, such as '{\"given_name\":\"Ann\"}'.")
    var data: String?

    @Flag(name: .customLong("no-password"), help: "Makes a user who cannot sign in with a password yet.")
    var hasNoPassword = false

    @OptionGroup var password: PasswordInput
    @OptionGroup var option: ConfigurationOption

    func validate() throws {
        if hasNoPassword, password.file != nil {
            throw ValidationError("--no-password and --password-file exclude each other")
        }
    }

    func run() async throws {
        let id = self.id ?? UUID().uuidString.raw.lowercased()
        var document: JSON = ["id": .string(id)]
        document["userName"] = userName.map(JSON.string)
        document["email"] = email.map(JSON.string)
        document["data"] = try data.map(parsed)
        // A relative path is meant from here, not from the configuration's folder.
        let secret = hasNoPassword ? nil : try password.read()
        document["password"] = secret.map { .string($0.exposed) }
        let change = try await OpenStore.with(option) { [document] open in
            try await open.changing(StoredUser.self, id, "added") { try await $0.create(document) }
        }
        for warning in change.warnings { LogWriter.standardError.write("warning: \(warning.message)\n") }
        LogWriter.standardError.flush()
        print(id)
    }

    private func parsed(_ text: String) throws -> JSON {
        guard let json = try? JSON(parsing: text), case .object = json else {
            throw ValidationError("--data must be a JSON object")
        }
        return json
    }
}
