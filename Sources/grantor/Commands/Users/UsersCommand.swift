// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import AuthorizationServer

struct UsersCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "users", abstract: "Makes and changes the people that can sign in.",
        discussion: """
            Works on the store of the configuration, also while a server runs on it: what is changed holds for the next \
            request. Users that the configuration declares are changed there, followed by a SIGHUP.
            """,
        subcommands: [
            AddUser.self, ListDocuments<StoredUser>.self, ShowDocument<StoredUser>.self, ChangePassword.self,
            DisableDocument<StoredUser>.self, EnableDocument<StoredUser>.self, RemoveDocument<StoredUser>.self,
        ])
}
