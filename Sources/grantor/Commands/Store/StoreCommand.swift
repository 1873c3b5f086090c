// SPDX-License-Identifier: Apache-2.0

import ArgumentParser

struct StoreCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "store", abstract: "Shows, moves, backs up and restores the store.",
        discussion: """
            'export' and 'import' move everything to another store while the servers are stopped. 'backup' copies the \
            store while servers use it, and 'restore' starts over from such a copy. The copies contain private keys \
            and hashes of passwords: they are readable only by their owner, and --passphrase-file seals them.
            """,
        subcommands: [
            StoreStatus.self, MigrateStore.self, ExportStore.self, ImportStore.self, BackUpStore.self,
            RestoreStore.self,
        ])
}
