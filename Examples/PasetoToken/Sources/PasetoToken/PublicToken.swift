// SPDX-License-Identifier: Apache-2.0

/// A signed token of PASETO version 4: `v4.public.`, then the message with its signature, then the footer.
///
/// Everyone can read it. An implicit assertion is signed too, but is not in the token.
struct PublicToken {
    private static let header = "v4.public."
    /// In bytes: longer tokens do not fit into the header of a request.
    private static let longest = 16_384

    let message: [UInt8]
    let footer: [UInt8]
    private let signature: [UInt8]

    /// Reads a token, whose signature is not verified yet; nil if it is not a `v4.public` token.
    init?(_ text: String) {
        let (all, header) = (text.utf8, PublicToken.header.utf8)
        guard all.count <= PublicToken.longest, all.starts(with: header) else { return nil }
        let parts = all.dropFirst(header.count).split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        guard parts.count <= 2, let first = parts.first, let body = Base64URL.decode(first), body.count >= 64 else {
            return nil
        }
        message = Array(body.dropLast(64))
        signature = Array(body.suffix(64))
        // Without a footer there is no second dot either.
        guard parts.count == 2 else {
            footer = []
            return
        }
        guard let footer = Base64URL.decode(parts[1]), !footer.isEmpty else { return nil }
        self.footer = footer
    }

    /// Whether a key has signed the message, the footer and an implicit assertion.
    func isSigned(by key: Ed25519Key, assertion: String) -> Bool {
        key.isSignature(signature, of: PublicToken.signed(message, footer, assertion))
    }

    /// Makes a token; nil if the key cannot sign.
    static func make(_ message: [UInt8], footer: [UInt8], assertion: String, by key: Ed25519Key) -> String? {
        guard let signature = key.sign(signed(message, footer, assertion)) else { return nil }
        let end = footer.isEmpty ? "" : "." + Base64URL.encode(footer)
        return header + Base64URL.encode(message + signature) + end
    }

    private static func signed(_ message: [UInt8], _ footer: [UInt8], _ assertion: String) -> [UInt8] {
        encoding([Array(header.utf8), message, footer, Array(assertion.utf8)])
    }

    /// The pre-authentication encoding (PAE): pieces with their number and lengths, so that none can pass for another.
    static func encoding(_ pieces: [[UInt8]]) -> [UInt8] {
        length(pieces.count) + pieces.flatMap { length($0.count) + $0 }
    }

    private static func length(_ number: Int) -> [UInt8] {
        (0..<8).map { UInt8(truncatingIfNeeded: number >> (8 * $0)) }
    }
}
