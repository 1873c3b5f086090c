// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// What a person signs in with: `id`, `userName` or `email`, in one space of names.
///
/// Names that differ only in the case of ASCII letters are one name, in all three members and in the whole of an
/// address. Other characters are compared byte for byte: folding them too would let some stand for each other.
enum LoginName {
    static let members = ["id", "userName", "email"]

    /// The form under which a name is looked up.
    static func folded(_ name: String) -> String {
        String(decoding: name.utf8.map { 0x41...0x5A ~= $0 ? $0 | 0x20 : $0 }, as: UTF8.self)
    }

    /// What stands for a name in keys, of one length and in ASCII, since Swift takes different bytes for one text.
    static func digest(_ name: String, _ cryptography: any CryptographyService) -> String {
        cryptography.digest(folded(name))
    }

    /// The names of a user's document, each once.
    static func names(in document: JSON) -> [(member: String, folded: String)] {
        var found: [(member: String, folded: String)] = []
        for member in members {
            guard let name = document[member]?.string.map(folded), !found.contains(where: { isSame($0.folded, name) })
            else { continue }
            found.append((member, name))
        }
        return found
    }

    private static func isSame(_ left: String, _ right: String) -> Bool {
        left.utf8.elementsEqual(right.utf8)
    }
}
