// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import AuthorizationServer
import GrantKit

/// `grantor clients remove` and `grantor users remove`.
struct RemoveDocument<Document: ManagedDocument>: AsyncParsableCommand {
    static var configuration: CommandConfiguration {
        CommandConfiguration(
            commandName: "remove", abstract: "Removes a \(Document.noun).", discussion: Document.help.remove)
    }

    @OptionGroup var document: DocumentArgument<Document>
    @OptionGroup var option: ConfigurationOption

    func run() async throws {
        let id = document.id
        _ = try await OpenStore.with(option) { open in
            try await open.changing(Document.self, "removed") { try await $0.delete(id, if: .any) }
        }
        StandardOutput.print("\(id) is removed; \(Document.ended)")
    }
}
