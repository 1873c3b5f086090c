// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import AuthorizationServer
import Foundation
import GrantKit
import OutsideText

/// `grantor users add`.
struct AddUser: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "add", abstract: "Adds a user.",
        discussion: """
            The command asks for the password twice, without showing it. In a script, use a file or a pipe:

              grantor users add ann --email ann@example.com --password-file - < secrets/ann

            To import a hash, pass it in place of the password: Argon2id, bcrypt, PBKDF2, or scrypt as Aidbox writes \
            it. The server replaces it by Argon2id when the user signs in.

            Users sign in with their id, their user name or their e-mail address. Each of these belongs to one user \
            only, whatever its case. The id never changes; it is the 'sub' of tokens.
            """)

    @Argument(help: "The id: 1 to 255 printable ASCII characters. By default, a random id is generated and printed.")
    var id: String?

    @Option(help: "The e-mail address.")
    var email: String?

    @Option(name: .customLong("user-name"), help: "A name to sign in with, besides the id.")
    var userName: String?

    @Option(help: "Claims about the user as a JSON object, such as '{\"given_name\":\"Ann\"}'.")
    var data: String?

    @Flag(name: .customLong("no-password"), help: "Adds a user who cannot sign in with a password yet.")
    var hasNoPassword = false

    @OptionGroup var password: PasswordInput
    @OptionGroup var option: ConfigurationOption

    func validate() throws {
        if hasNoPassword, password.file != nil {
            throw ValidationError("--no-password and --password-file cannot be combined")
        }
    }

    func run() async throws {
        let id = self.id ?? UUID().uuidString.raw.lowercased()
        var document: JSON = ["id": .string(id)]
        document["userName"] = userName.map(JSON.string)
        document["email"] = email.map(JSON.string)
        document["data"] = try data.map(parsed)
        // Before the configuration is opened, since relative paths start at the current folder and not at its folder.
        let secret = hasNoPassword ? nil : try password.read()
        document["password"] = secret.map { .string($0.exposed) }
        let change = try await OpenStore.with(option) { [document] open in
            try await open.changing(StoredUser.self, "added") { try await $0.create(document) }
        }
        for warning in change.warnings { LogWriter.standardError.write("warning: \(warning.message)\n") }
        LogWriter.standardError.flush()
        StandardOutput.print(id)
    }

    private func parsed(_ text: String) throws -> JSON {
        guard let json = try? JSON(parsing: text), case .object = json else {
            throw ValidationError("--data must be a JSON object")
        }
        return json
    }
}
