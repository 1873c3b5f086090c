// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import AuthorizationServer
import Cryptography
import GrantKit
import ServerConfiguration

struct RestoreStore: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "restore", abstract: "Loads a backup into the configuration's store, which must be empty.",
        discussion: """
            Restores users, clients and everything else that does not expire. Nothing that was issued before is \
            accepted afterwards: no token, no session, no code. The next start of the server generates new keys, so \
            APIs refuse old JWTs as soon as they fetch the keys. With --keep-tokens, keys, tokens, sessions and \
            consents of the backup are valid again, also those that have been ended since; codes are not.
            """)

    @Argument(help: "The file that 'grantor store backup' has written.") var file: String
    @Flag(help: "Accept tokens and sessions of the backup, even if they have been ended since.") var keepTokens = false
    @Flag(help: "Restore although the configuration lacks plugins that the server of the backup had.")
    var ignorePlugins = false
    @Option(help: "Whether to keep or drop records of collections that no plugin of the configuration declares.")
    var unknown: UnknownCollections?
    @OptionGroup var seal: CopyPassphrase
    @OptionGroup var option: ConfigurationOption

    func run() async throws {
        let (passphrase, path, unknown) = (try seal.read(), file.absolutePath, unknown)
        let (keepTokens, ignorePlugins) = (keepTokens, ignorePlugins)
        try await OpenStore.with(option, isWhole: false) { open in
            let check = CopyCheck(open: open, path: path, passphrase: passphrase)
            let sum = try check.run(.backup, unknown, hasKeys: keepTokens, ignoresPlugins: ignorePlugins)
            let load = CopyLoad(
                open: open, path: path, passphrase: passphrase, unknown: unknown,
                rule: RestoreRule(keys: StoredKeys.collection.name, keepsTokens: keepTokens), keepsTokens: keepTokens)
            let manner = "restore \(keepTokens ? "tokens" : "-") \(unknown?.rawValue ?? "-")"
            let count = try await load.run(sum, manner: manner)
            StandardOutput.print("restored \(count) records and counters")
            guard !keepTokens, !open.composition.configuration.keys.signing.isEmpty else { return }
            StandardOutput.print(
                "keys under 'keys.signing' stay the same, so APIs accept old JWTs of these keys until they expire")
        }
    }
}
