// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import AuthorizationServer

struct BackUpStore: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "backup", abstract: "Copies the store to a file while servers use it.",
        discussion: """
            The copy is the store at one moment; servers continue to read and write. The file has mode 0600 and appears \
            once it is complete; a file that exists is never replaced. With '-', the copy is written to standard \
            output, but not to a terminal. 'grantor store restore' reads it.
            """)

    @Argument(help: "The file to create, or - for standard output.") var file: String
    @OptionGroup var seal: CopyPassphrase
    @OptionGroup var option: ConfigurationOption

    func run() async throws {
        let passphrase = try seal.read()
        let path = file.absolutePath
        let destination = try CopyDestination(path)
        try await OpenStore.with(option) { open in
            if open.store.portable == nil { try await open.refuseServers() }
            try await StoreCopy(open: open, kind: .backup).write(
                to: destination, at: path, sealedWith: passphrase)
        }
    }
}
