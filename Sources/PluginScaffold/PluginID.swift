// SPDX-License-Identifier: Apache-2.0

import OutsideText

/// The id of a new plugin, from which its other names are made.
package struct PluginID: Sendable {
    /// The greatest number of characters.
    ///
    /// File names, symbols and collections contain the id.
    package static let longest = 64

    /// The id itself.
    package let text: String
    private let words: [RawText]

    /// Reads an id: lower-case letters, digits and single hyphens, of which the first is a letter.
    ///
    /// - Throws: `ScaffoldError`.
    package init(_ text: String) throws {
        guard text.utf8.count <= PluginID.longest else {
            throw ScaffoldError("the id has \(text.utf8.count) bytes; choose one with at most \(PluginID.longest)")
        }
        words = text.raw.split(at: "-", keepingEmpty: true)
        let isID = words.allSatisfy { !$0.isEmpty && $0.bytes.allSatisfy(PluginID.isAllowed) }
        guard isID, let first = text.utf8.first, ASCII.isLetter(first) else {
            throw ScaffoldError(
                "'\(ShownText.onOneLine(text))' cannot be the id of a plugin; use lower-case letters, digits and "
                    + "single hyphens, and begin with a letter, as in 'badge-grant'")
        }
        self.text = text
    }

    private static func isAllowed(_ byte: UInt8) -> Bool {
        ASCII.isLetterOrDigit(byte) && ASCII.lowercase(byte) == byte
    }

    /// The id as a part of C symbols and of names in requests, such as `badge_grant`.
    package var symbol: String { text.raw.replacing("-", with: "_") }

    /// The name of the module and of the plugin's type, such as `BadgeGrant`.
    ///
    /// A type of the same name, of Swift or of the kit, would be hidden. Many types of Swift have a name of one word.
    package var module: String {
        let name = words.map(PluginID.capitalized).joined()
        return words.count == 1 || ReservedNames.contain(name) ? name + "Plugin" : name
    }

    /// The beginning of the names of its functions, such as `badgeGrant`.
    package var function: String {
        (words.prefix(1).map(\.string) + words.dropFirst().map(PluginID.capitalized)).joined()
    }

    private static func capitalized(_ word: RawText) -> String {
        var bytes = Array(word.bytes)
        if let first = bytes.first, ASCII.isLetter(first) { bytes[0] = first & 0xDF }
        return String(decoding: bytes, as: UTF8.self)
    }
}
