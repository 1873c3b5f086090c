// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import AuthorizationServer

struct ImportStore: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "import", abstract: "Loads an export into the configuration's store, which must be empty.",
        discussion: """
            Checks the whole file before it writes anything. Until everything is loaded, no server and no other command \
            uses the store. If the import is cut short, run it again with the same file: it continues.
            """)

    @Argument(help: "The file that 'grantor store export' has written.") var file: String
    @Option(help: "Whether to keep or drop records of collections that no plugin of the configuration declares.")
    var unknown: UnknownCollections?
    @OptionGroup var seal: CopyPassphrase
    @OptionGroup var option: ConfigurationOption

    func run() async throws {
        let (passphrase, path, unknown) = (try seal.read(), file.absolutePath, unknown)
        try await OpenStore.with(option, isWhole: false) { open in
            let sum = try CopyCheck(open: open, path: path, passphrase: passphrase)
                .run(.export, unknown, hasKeys: true, ignoresPlugins: true)
            let load = CopyLoad(
                open: open, path: path, passphrase: passphrase, unknown: unknown, rule: nil, keepsTokens: nil)
            let count = try await load.run(sum, manner: "import \(unknown?.rawValue ?? "-")")
            StandardOutput.print("imported \(count) records and counters")
        }
    }
}
