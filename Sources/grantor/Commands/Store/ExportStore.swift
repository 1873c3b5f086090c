// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import AuthorizationServer
import Foundation
import GrantKit

struct ExportStore: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "export", abstract: "Copies the store to a file, to move it to another store.",
        discussion: """
            Stop every server on the store first. The file contains everything as it is: with expiry, marks of use and \
            revocations. It has mode 0600 and appears once it is complete; a file that exists is never replaced. With \
            '-', the copy is written to standard output, but not to a terminal.
            """)

    @Argument(help: "The file to create, or - for standard output.") var file: String
    @OptionGroup var seal: CopyPassphrase
    @OptionGroup var option: ConfigurationOption

    func run() async throws {
        let passphrase = try seal.read()
        let path = file.absolutePath
        let destination = try CopyDestination(path)
        try await OpenStore.with(option) { open in
            try await open.refuseServers()
            try await StoreCopy(open: open, kind: .export).write(
                to: destination, at: path, sealedWith: passphrase)
        }
    }
}

extension String {
    /// The path from the root, before the configuration changes the current folder; `-` stays as it is.
    var absolutePath: String { self == "-" ? self : URL(fileURLWithPath: self).standardizedFileURL.path }
}
