// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import AuthorizationServer
import GrantKit

/// `grantor clients show` and `grantor users show`.
struct ShowDocument<Document: ManagedDocument>: AsyncParsableCommand {
    static var configuration: CommandConfiguration {
        CommandConfiguration(
            commandName: "show", abstract: "Shows a \(Document.noun).", discussion: Document.help.show)
    }

    @OptionGroup var document: DocumentArgument<Document>
    @OptionGroup var option: ConfigurationOption

    func run() async throws {
        let id = document.id
        try await OpenStore.with(option) { open in
            let documents = open.documents(Document.self)
            guard let entry = try await documents.entry(id) else {
                throw Failure(
                    "there is no \(Document.noun) '\(id)'; 'grantor \(Document.command) list' shows all ids")
            }
            StandardOutput.print(entry.document.terminalText)
            if entry.isDeclared { return StandardOutput.print("kept in the configuration") }
            for line in try await Document.details(of: id, in: documents) { StandardOutput.print(line) }
        }
    }
}
