// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import AuthorizationServer
import GrantKit

/// `grantor clients disable` and `grantor users disable`.
struct DisableDocument<Document: ManagedDocument>: AsyncParsableCommand {
    static var configuration: CommandConfiguration {
        CommandConfiguration(
            commandName: "disable", abstract: "Disables a \(Document.noun).",
            discussion: Document.help.disable)
    }

    @OptionGroup var document: DocumentArgument<Document>
    @OptionGroup var option: ConfigurationOption

    func run() async throws {
        let id = document.id
        try await OpenStore.with(option) { open in
            try await open.changing(Document.self, "disabled") { try await $0.set(active: false, of: id) }
        }
        StandardOutput.print("\(id) is inactive; \(Document.ended)")
    }
}
