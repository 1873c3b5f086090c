// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import AuthorizationServer

struct ClientsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "clients", abstract: "Makes and changes clients.",
        discussion: """
            Works on the store of the configuration, also while a server runs on it: what is changed holds for the next \
            request. Clients that the configuration declares are changed there, followed by a SIGHUP.
            """,
        subcommands: [
            AddClient.self, ListDocuments<StoredClient>.self, ShowDocument<StoredClient>.self, RotateSecret.self,
            DisableDocument<StoredClient>.self, EnableDocument<StoredClient>.self, RemoveDocument<StoredClient>.self,
        ])
}
