// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// A code that a user types: eight letters of an alphabet without vowels, so that they form no words (RFC 8628 section
/// 6.1).
struct UserCode: Sendable, Equatable {
    private static let alphabet = Array("BCDFGHJKLMNPQRSTVWXZ".utf8)
    private static let length = 8

    /// The letters in upper case, without the hyphen.
    let letters: [UInt8]

    /// Reads what a user typed: case does not matter, and everything that is not in the alphabet is dropped.
    init?(typed text: String) {
        let letters = UserCode.known(in: text)
        guard letters.count == UserCode.length else { return nil }
        self.letters = letters
    }

    /// Draws a code; nil if the source of random bytes gives no letters.
    ///
    /// Each character of base64url is one of 64 with equal probability, so those that are in the alphabet are equally
    /// probable too.
    ///
    /// - Parameter random: A number of random bytes, as base64url.
    init?(drawnFrom random: (_ bytes: Int) -> String) {
        var letters: [UInt8] = []
        for _ in 0..<100 where letters.count < UserCode.length {
            letters += random(24).utf8.filter { UserCode.alphabet.contains($0) }
        }
        guard letters.count >= UserCode.length else { return nil }
        self.letters = Array(letters.prefix(UserCode.length))
    }

    /// The code as devices and pages show it, such as `WDJB-MJHT`.
    var shown: String { UserCode.grouped(letters) }

    /// The letters that a user typed, grouped like a code, whether or not they are a whole one.
    static func shown(typed text: String) -> String {
        grouped(known(in: text).prefix(2 * length))
    }

    private static func grouped(_ letters: some Collection<UInt8>) -> String {
        let first = String(decoding: letters.prefix(4), as: UTF8.self)
        let rest = String(decoding: letters.dropFirst(4), as: UTF8.self)
        return rest.isEmpty ? first : "\(first)-\(rest)"
    }

    /// The letters of the alphabet in a string, in upper case.
    private static func known(in text: String) -> [UInt8] {
        text.utf8.map { 0x61...0x7A ~= $0 ? $0 & 0xDF : $0 }.filter { alphabet.contains($0) }
    }
}
