// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import AuthorizationServer
import GrantKit

/// `grantor clients enable` and `grantor users enable`.
struct EnableDocument<Document: ManagedDocument>: AsyncParsableCommand {
    static var configuration: CommandConfiguration {
        CommandConfiguration(
            commandName: "enable", abstract: "Enables a \(Document.noun) again.",
            discussion: Document.help.enable)
    }

    @OptionGroup var document: DocumentArgument<Document>
    @OptionGroup var option: ConfigurationOption

    func run() async throws {
        let id = document.id
        try await OpenStore.with(option) { open in
            try await open.changing(Document.self, "enabled") { try await $0.set(active: true, of: id) }
        }
        StandardOutput.print("\(id) is active")
    }
}
