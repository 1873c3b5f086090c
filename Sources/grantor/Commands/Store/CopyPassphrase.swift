// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Foundation
import GrantKit
import ServerConfiguration

/// The options that name the passphrase of a copy.
struct CopyPassphrase: ParsableArguments {
    private static let shortest = 12

    @Option(help: "The file with the passphrase that seals the copy. Spaces and line ends around it do not count.")
    var passphraseFile: String?
    @Option(help: "The environment variable with the passphrase that seals the copy.")
    var passphraseEnv: String?

    func validate() throws {
        guard passphraseFile == nil || passphraseEnv == nil else {
            throw ValidationError("use --passphrase-file or --passphrase-env, not both")
        }
    }

    /// The passphrase; nil if the options name none.
    ///
    /// Call this before the configuration changes the current folder.
    ///
    /// - Throws: `Failure`.
    func read() throws -> Secret? {
        guard let text = try text() else { return nil }
        let passphrase = text.trimmingCharacters(in: .whitespacesAndNewlines)
        guard passphrase.utf8.count >= CopyPassphrase.shortest else {
            throw Failure(
                "the passphrase is shorter than \(CopyPassphrase.shortest) bytes; make one with 'openssl rand -base64 32'"
            )
        }
        return Secret(passphrase)
    }

    private func text() throws -> String? {
        if let name = passphraseEnv {
            guard let value = ProcessInfo.processInfo.environment[name] else {
                throw Failure("the environment variable '\(name)' is not set")
            }
            return value
        }
        guard let file = passphraseFile else { return nil }
        guard let data = FileManager.default.contents(atPath: file), let text = String(data: data, encoding: .utf8)
        else { throw Failure("the file '\(file)' cannot be read, or is not text") }
        if let exposure = FileExposure(ofFile: file) {
            LogWriter.standardError.write("warning: \(exposure.message(file)): \(exposure.note(file))\n")
        }
        return text
    }
}
