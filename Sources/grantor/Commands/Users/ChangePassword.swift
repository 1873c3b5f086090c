// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import AuthorizationServer
import GrantKit

/// `grantor users password`.
struct ChangePassword: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "password", abstract: "Gives a user a new password.",
        discussion: """
            Ends the user's sessions and tokens: refreshing and introspection refuse them at once, but an access token \
            that an API verifies itself stays valid until it expires.
            """)

    @OptionGroup var document: DocumentArgument<StoredUser>
    @OptionGroup var password: PasswordInput
    @OptionGroup var option: ConfigurationOption

    func run() async throws {
        let (id, secret) = (document.id, try password.read())
        try await OpenStore.with(option) { open in
            try await open.changing(StoredUser.self, "password") { try await $0.set(password: secret, of: id) }
        }
        StandardOutput.print("\(id) has a new password; all sessions and tokens have ended")
    }
}
