// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import AuthorizationServer
import GrantKit

/// `grantor users password`.
struct ChangePassword: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "password", abstract: "Gives a user another password.",
        discussion: """
            Ends the user's sessions and all tokens: refreshing and introspection refuse them at once; a token that \
            APIs verify by themselves lasts until it expires.
            """)

    @OptionGroup var document: DocumentArgument<StoredUser>
    @OptionGroup var password: PasswordInput
    @OptionGroup var option: ConfigurationOption

    func run() async throws {
        let (id, secret) = (document.id, try password.read())
        try await OpenStore.with(option) { open in
            try await open.changing(StoredUser.self, id, "password") { try await $0.set(password: secret, of: id) }
        }
        print("\(id) has another password; all sessions and tokens have ended")
    }
}
