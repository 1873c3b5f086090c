// SPDX-License-Identifier: Apache-2.0

import GrantKit
import OutsideText

/// A client's private key in a file, read before the configuration's folder becomes the current one.
struct PrivateKey {
    /// The name of the file, as it was given.
    let file: String
    let text: Secret
    /// The passphrase, if the key is encrypted.
    let passphrase: Secret?

    /// Reads the file, and asks for the passphrase of an encrypted key.
    ///
    /// - Throws: `Failure` if the file cannot be read, or if there is no terminal to ask at.
    init(file: String) throws {
        self.file = file
        text = Secret(try KeyFile.contents(file))
        let isEncrypted = text.exposed.raw.contains("ENCRYPTED")
        passphrase = isEncrypted ? Secret(try PasswordInput.prompt("passphrase of \(file): ")) : nil
    }
}
