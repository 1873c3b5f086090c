// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import AuthorizationServer
import GrantKit

/// `grantor clients list` and `grantor users list`.
struct ListDocuments<Document: ManagedDocument>: AsyncParsableCommand {
    static var configuration: CommandConfiguration {
        CommandConfiguration(
            commandName: "list", abstract: "Lists the \(Document.command).",
            discussion: """
                Shows those declared in the configuration and those in the store, sorted by id. Secrets, passwords and \
                hashes are never shown.
                """)
    }

    /// The number of entries read at once.
    private static var page: Int { 100 }

    @OptionGroup var option: ConfigurationOption

    func run() async throws {
        let rows = try await OpenStore.with(option, read)
        guard !rows.isEmpty else {
            return StandardOutput.print("no \(Document.command) yet; add one with 'grantor \(Document.command) add'")
        }
        StandardOutput.print(Table.render([Document.columns] + rows))
    }

    private func read(_ open: OpenStore) async throws -> [[String]] {
        let documents = open.documents(Document.self)
        var (rows, last): ([[String]], String?) = ([], nil)
        while true {
            let entries = try await documents.page(after: last, limit: Self.page)
            rows += try await Document.rows(entries, in: documents)
            guard entries.count == Self.page else { return rows }
            last = entries.last?.id
        }
    }
}
