// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import AuthorizationServer
import Cryptography
import Foundation
import GrantKit
import ServerConfiguration

struct ClientsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "clients", abstract: "Makes and changes clients.",
        discussion: """
            Works on the store of the configuration, also while a server runs on it: what is changed holds for the next \
            request. Clients that the configuration declares are changed there, followed by a SIGHUP.
            """,
        subcommands: [
            Add.self, List.self, Show.self, RotateSecret.self, Disable.self, Enable.self, Remove.self,
        ])

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Lists the clients.",
            discussion: "Shows those that the configuration declares and those in the store; never a secret or hash.")

        @OptionGroup var option: ConfigurationOption

        func run() async throws {
            let rows = try await OpenStore.with(option) { open in
                var entries: [DirectoryEntry] = []
                while true {
                    let page = try await open.clients.page(after: entries.last?.id, limit: 500)
                    entries += page
                    if page.count < 500 { return entries.map(ClientsCommand.row) }
                }
            }
            guard !rows.isEmpty else { return print("no clients yet: 'grantor clients add' makes one") }
            print(Table.render([["ID", "NAME", "GRANTS", "STATE", "KEPT IN"]] + rows))
        }
    }

    private static func row(_ entry: DirectoryEntry) -> [String] {
        let grants = entry.document["grant_types"]?.strings ?? []
        return [
            entry.id, entry.document["name"]?.string ?? "-", grants.isEmpty ? "-" : grants.joined(separator: ","),
            entry.document["active"] == false ? "inactive" : "active",
            entry.isDeclared ? "the configuration" : "the store",
        ]
    }

    struct Show: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Shows a client.",
            discussion: """
                Prints its document as JSON, as 'grantor clients add --document' takes it, and says below what secrets it \
                has. The secrets themselves are known to nobody but the client.
                """)

        @Argument(help: "The client's id.")
        var id: String
        @OptionGroup var option: ConfigurationOption

        func run() async throws {
            try await OpenStore.with(option) { open in
                guard let entry = try await open.clients.entry(id) else {
                    throw Failure("there is no client '\(id)'; 'grantor clients list' shows those that there are")
                }
                print(entry.document.text)
                if entry.isDeclared { return print("kept in the configuration") }
                let secrets = try await open.clients.secrets(of: id)
                if secrets.isEmpty { print("public: it has no secret") }
                for secret in secrets {
                    let origin = secret.isGenerated ? "made by the server" : "brought along"
                    print("secret \(origin), \(secret.until.map { "ends at \($0.utc)" } ?? "without end")")
                }
            }
        }
    }

    struct RotateSecret: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "rotate-secret", abstract: "Gives a client another secret.",
            discussion: """
                Prints the new secret, this once. The one before it ends at once, or after the time of --keep-old-for, so \
                that the application can be given the new one meanwhile. Tokens stay good.
                """)

        @Argument(help: "The client's id.")
        var id: String
        @Option(
            name: .customLong("keep-old-for"),
            help: ArgumentHelp("How long the secret of now can still be used, such as 7d.", valueName: "duration"))
        var keep: String?
        @OptionGroup var option: ConfigurationOption

        func run() async throws {
            let keep = try self.keep.map(parsed) ?? .zero
            let secret = try await OpenStore.with(option) { open in
                try await open.recording(.clientChanged, client: id, ["change": "secret rotated"]) {
                    try await open.clients.rotateSecret(of: id, keepingOldFor: keep, now: System().now)
                }
            }
            print(secret.exposed)
        }

        private func parsed(_ text: String) throws -> Duration {
            guard let duration = Duration(setting: .string(text)), duration <= .seconds(90 * 86400) else {
                throw ValidationError("--keep-old-for must be \(Duration.expectation), up to 90d")
            }
            return duration
        }
    }

    struct Disable: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Makes a client inactive.",
            discussion: """
                The client gets no tokens until 'grantor clients enable'. What was granted to it ends, and stays ended: \
                refreshing and introspection refuse it at once; a token that APIs verify by themselves lasts until it \
                expires.
                """)

        @Argument(help: "The client's id.")
        var id: String
        @OptionGroup var option: ConfigurationOption

        func run() async throws {
            try await OpenStore.with(option) { open in
                try await open.recording(.clientChanged, client: id, ["change": "disabled"]) {
                    try await open.clients.set(active: false, of: id)
                }
            }
            print("\(id) is inactive; all that was granted to it has ended")
        }
    }

    struct Enable: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Makes a client active again.",
            discussion: "The client gets tokens again, with the same secret. What had ended stays ended.")

        @Argument(help: "The client's id.")
        var id: String
        @OptionGroup var option: ConfigurationOption

        func run() async throws {
            try await OpenStore.with(option) { open in
                try await open.recording(.clientChanged, client: id, ["change": "enabled"]) {
                    try await open.clients.set(active: true, of: id)
                }
            }
            print("\(id) is active")
        }
    }

    struct Remove: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Removes a client.",
            discussion: """
                All that was granted to it ends, also if a client of the same id is made later: refreshing and \
                introspection refuse it at once; a token that APIs verify by themselves lasts until it expires.
                """)

        @Argument(help: "The client's id.")
        var id: String
        @OptionGroup var option: ConfigurationOption

        func run() async throws {
            _ = try await OpenStore.with(option) { open in
                try await open.recording(.clientChanged, client: id, ["change": "removed"]) {
                    try await open.clients.delete(id, if: .any)
                }
            }
            print("\(id) is removed; all that was granted to it has ended")
        }
    }
}

extension OpenStore {
    /// The clients that the store keeps.
    var clients: StoredClients {
        let secrets = Secrets()
        return StoredClients(
            store: store, generation: generation, cryptography: SystemCryptography(), secrets: secrets,
            passwords: secrets.passwords, random: System().random)
    }
}
