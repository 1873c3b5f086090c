// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import AuthorizationServer

struct ClientsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "clients", abstract: "Adds, shows and changes clients.",
        discussion: """
            Changes the configuration's store, even while a server uses it: a change applies to the next request. To \
            change a client that the configuration declares, edit the configuration and send the server a SIGHUP.
            """,
        subcommands: [
            AddClient.self, ListDocuments<StoredClient>.self, ShowDocument<StoredClient>.self, RotateSecret.self,
            PrintAssertion.self,
            DisableDocument<StoredClient>.self, EnableDocument<StoredClient>.self, RemoveDocument<StoredClient>.self,
        ])
}
