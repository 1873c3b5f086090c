// SPDX-License-Identifier: Apache-2.0

import COpenSSL
public import GrantKit
import OutsideText

/// A file with the public keys of a client.
public enum PublicKeyFile {
    /// Reads a key set, a list of keys or one key (RFC 7517), or a public key in PEM (RFC 7468 section 13).
    ///
    /// A key in PEM gets its thumbprint (RFC 7638) as its id.
    ///
    /// - Parameter text: The content of the file.
    /// - Returns: A key set; whether its keys can be used is for others to check.
    /// - Throws: `CryptographyError` that says what is wrong with the file and what to do.
    public static func keySet(_ text: String) throws -> JSON {
        switch text.utf8.first(where: { $0 > 0x20 }) {
        case UInt8(ascii: "{"), UInt8(ascii: "["):
            guard let json = try? JSON(parsing: text) else {
                throw CryptographyError(found: "it is not valid JSON; write a key set, such as { \"keys\": [...] }")
            }
            if json["keys"] != nil { return json }
            if case .array = json { return ["keys": json] }
            return ["keys": [json]]
        default:
            return ["keys": [try key(pem: text)]]
        }
    }

    private static func key(pem text: String) throws -> JSON {
        guard !text.raw.contains("PRIVATE KEY") else {
            throw CryptographyError(
                found: "it is a private key; use its public half, which 'openssl pkey -pubout' writes")
        }
        // Safe: the passphrase ends with NUL and outlives the call; without one, OpenSSL would ask at the terminal.
        var word = "".utf8CString
        let read = unsafe word.withUnsafeMutableBytes { word in
            unsafe withInput(Array(text.utf8)) { unsafe PEM_read_bio_PUBKEY($0, nil, nil, word.baseAddress) }
        }
        guard let pointer = unsafe read else {
            throw CryptographyError(
                found: "it is neither a key set nor a public key in PEM; 'openssl pkey -pubout' writes one")
        }
        let key = try unsafe AsymmetricKey(owning: pointer)
        return .object([.init("kid", .string(key.thumbprint))] + key.publicMembers.members)
    }
}
