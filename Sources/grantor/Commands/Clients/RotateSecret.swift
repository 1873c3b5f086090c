// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import AuthorizationServer
import GrantKit

/// `grantor clients rotate-secret`.
struct RotateSecret: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rotate-secret", abstract: "Gives a client a new secret.",
        discussion: """
            Prints the new secret once. The old secret expires at once, or after the time given by --keep-old-for, so \
            that you have time to configure the client. Tokens stay valid.
            """)

    @OptionGroup var document: DocumentArgument<StoredClient>
    @Option(
        name: .customLong("keep-old-for"),
        help: ArgumentHelp("How long the old secret stays valid, such as 7d; at most 90d.", valueName: "duration"))
    var keep: String?
    @OptionGroup var option: ConfigurationOption

    func run() async throws {
        let (id, keep) = (document.id, try self.keep.map(parsed) ?? .zero)
        let secret = try await OpenStore.with(option) { open in
            try await open.changing(StoredClient.self, "secret rotated") { clients in
                try await clients.rotateSecret(of: id, keepingOldFor: keep, now: SystemEnvironment().now)
            }
        }
        StandardOutput.print(secret.exposed)
    }

    private func parsed(_ text: String) throws -> Duration {
        guard let duration = Duration(setting: .string(text)), duration <= .seconds(90 * 86400) else {
            throw ValidationError("--keep-old-for must be \(Duration.expectation), up to 90d")
        }
        return duration
    }
}
