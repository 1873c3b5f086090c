// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import AuthorizationServer
import GrantKit

struct MigrateStore: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "migrate", abstract: "Brings the tables of the store to the newest version.",
        discussion: """
            Every server does that when it opens the store, so run this only to choose the time. Servers of the version \
            before continue to work: a step only adds to the tables, or removes what that version no longer uses.
            """)

    @OptionGroup var option: ConfigurationOption

    func run() async throws {
        let before = try await ConfiguredStore.read(option).inspect()
        try await OpenStore.with(option) { open in
            guard let before, let after = try await open.store.portable?.inspect(at: SystemEnvironment().now) else {
                return StandardOutput.print("the store was opened; it does not say whether it has migrated anything")
            }
            let isDone = before.version == after.version
            StandardOutput.print(
                isDone
                    ? "the tables already have version \(after.version), the newest"
                    : "migrated the tables from version \(before.version) to \(after.version)")
        }
    }
}
