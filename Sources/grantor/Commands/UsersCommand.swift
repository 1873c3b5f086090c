// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import AuthorizationServer
import Cryptography
import Foundation
import GrantKit
import OutsideText
import ServerConfiguration

struct UsersCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "users", abstract: "Makes and changes the people that can sign in.",
        discussion: """
            Works on the store of the configuration, also while a server runs on it: what is changed holds for the next \
            request. Users that the configuration declares are changed there, followed by a SIGHUP.
            """, subcommands: [Add.self, List.self, Password.self, Disable.self, Enable.self])

    struct Add: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Makes a user.",
            discussion: """
                The command asks for the password, twice and without showing it. For scripts:

                  grantor users add ann --email ann@example.com --password-file - < secrets/ann

                A password may also be a hash that was brought along: Argon2id, bcrypt, PBKDF2, or scrypt as Aidbox \
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
            let warnings = try await OpenStore.with(option) { open in
                try await open.recording(.userChanged, user: id, ["change": "added"]) {
                    try await open.users.add(document)
                }
            }
            for warning in warnings { LogWriter.standardError.write("warning: \(warning)\n") }
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

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Lists the users.",
            discussion: "Shows those that the configuration declares and those in the store; never a password or hash.")

        @OptionGroup var option: ConfigurationOption

        func run() async throws {
            let rows = try await OpenStore.with(option) { open in
                let declared = open.composition.configuration.users.map { user in
                    UsersCommand.row(
                        user["id"]?.string ?? "", user["userName"]?.string, user["email"]?.string,
                        user["inactive"] != true, user["password"] != nil, "the configuration")
                }
                var stored: [[String]] = []
                while true {
                    let page = try await open.users.list(after: stored.last?.first, limit: 500)
                    stored += page.map {
                        UsersCommand.row($0.id, $0.userName, $0.email, $0.isActive, $0.hasPassword, "the store")
                    }
                    if page.count < 500 { return declared + stored }
                }
            }
            guard !rows.isEmpty else { return print("no users yet: 'grantor users add' makes one") }
            print(Table.render([["ID", "USER NAME", "EMAIL", "STATE", "PASSWORD", "KEPT IN"]] + rows))
        }
    }

    private static func row(
        _ id: String, _ userName: String?, _ email: String?, _ isActive: Bool, _ hasPassword: Bool, _ place: String
    ) -> [String] {
        [id, userName ?? "-", email ?? "-", isActive ? "active" : "inactive", hasPassword ? "set" : "none", place]
    }

    struct Password: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Gives a user another password.",
            discussion: """
                Ends the user's sessions and all tokens: refreshing and introspection refuse them at once; a token that \
                APIs verify by themselves lasts until it expires.
                """)

        @Argument(help: "The user's id.")
        var id: String
        @OptionGroup var password: PasswordInput
        @OptionGroup var option: ConfigurationOption

        func run() async throws {
            let secret = try password.read()
            try await OpenStore.with(option) { open in
                try await open.recording(.userChanged, user: id, ["change": "password"]) {
                    try await open.users.set(password: secret, of: id)
                }
            }
            print("\(id) has another password; all sessions and tokens have ended")
        }
    }

    struct Disable: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Makes a user inactive.",
            discussion: """
                The user cannot sign in until 'grantor users enable'. Sessions and tokens end, and stay ended: \
                refreshing and introspection refuse them at once; a token that APIs verify by themselves lasts until it \
                expires.
                """)

        @Argument(help: "The user's id.")
        var id: String
        @OptionGroup var option: ConfigurationOption

        func run() async throws {
            try await OpenStore.with(option) { open in
                try await open.recording(.userChanged, user: id, ["change": "disabled"]) {
                    try await open.users.set(active: false, of: id)
                }
            }
            print("\(id) is inactive; all sessions and tokens have ended")
        }
    }

    struct Enable: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Makes a user active again.",
            discussion: "The user can sign in again, with the same password. What had ended stays ended.")

        @Argument(help: "The user's id.")
        var id: String
        @OptionGroup var option: ConfigurationOption

        func run() async throws {
            try await OpenStore.with(option) { open in
                try await open.recording(.userChanged, user: id, ["change": "enabled"]) {
                    try await open.users.set(active: true, of: id)
                }
            }
            print("\(id) is active")
        }
    }
}

extension OpenStore {
    /// The users that the store keeps.
    fileprivate var users: StoredUsers {
        StoredUsers(
            store: store, generation: generation, cryptography: SystemCryptography(),
            passwords: Secrets().passwords, random: System().random)
    }
}
