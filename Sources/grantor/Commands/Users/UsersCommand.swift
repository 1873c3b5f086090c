// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import AuthorizationServer

struct UsersCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "users", abstract: "Adds, shows and changes the users who can sign in.",
        discussion: """
            Changes the configuration's store, even while a server uses it: a change applies to the next request. To \
            change a user that the configuration declares, edit the configuration and send the server a SIGHUP.
            """,
        subcommands: [
            AddUser.self, ListDocuments<StoredUser>.self, ShowDocument<StoredUser>.self, ChangePassword.self,
            DisableDocument<StoredUser>.self, EnableDocument<StoredUser>.self, RemoveDocument<StoredUser>.self,
        ])
}
