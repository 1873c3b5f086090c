// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// What a person signs in with: `id`, `userName` or `email`, in one space of names.
///
/// Names are compared as RFC 8265 section 3.3 has it (UsernameCaseMapped): full-width and half-width characters as the
/// usual ones, upper case as lower case, all in Normalization Form C. What no name can hold does not count at the ends of a
/// typed one: spaces that keyboards add, invisible marks that come with copied text.
enum LoginName {
    /// A name of a user's document.
    struct Entry {
        let member: String
        /// The form under which it is looked up.
        let folded: String
        /// The form that only ASCII letters were folded for, if it differs: earlier versions keep names so.
        let former: String?

        func key(_ cryptography: any CryptographyService) -> StoreKey {
            LoginRow.key(cryptography.digest(folded))
        }

        func formerKey(_ cryptography: any CryptographyService) -> StoreKey? {
            former.map { LoginRow.key(cryptography.digest($0)) }
        }

        /// All keys under which the store may know the name.
        func keys(_ cryptography: any CryptographyService) -> [StoreKey] {
            [key(cryptography)] + (formerKey(cryptography).map { [$0] } ?? [])
        }
    }

    static let members = ["id", "userName", "email"]

    /// The form under which a name is looked up.
    static func folded(_ name: String) -> String {
        // Nearly every name is ASCII.
        guard !name.utf8.allSatisfy({ 0x21...0x7E ~= $0 }) else { return lowercasedASCII(name) }
        var scalars = String.UnicodeScalarView()
        for scalar in trimmed(name.unicodeScalars) {
            scalars.append(contentsOf: usualWidth(scalar).properties.lowercaseMapping.unicodeScalars)
        }
        return String(scalars).inFormC
    }

    /// What stands for a name in keys, of one length and in ASCII, since Swift takes different bytes for one text.
    static func digest(_ name: String, _ cryptography: any CryptographyService) -> String {
        cryptography.digest(folded(name))
    }

    /// The digests under which the store may know who signs in with a typed name; a name that was kept by an earlier version
    /// goes before others that it is now the same as.
    static func digests(_ name: String, _ cryptography: any CryptographyService) -> [String] {
        let digest = digest(name, cryptography)
        let former = cryptography.digest(lowercasedASCII(name))
        return former == digest ? [digest] : [former, digest]
    }

    /// The names of a user's document, each once.
    static func names(in document: JSON) -> [Entry] {
        var found: [Entry] = []
        for member in members {
            guard let name = document[member]?.string else { continue }
            let (folded, former) = (folded(name), lowercasedASCII(name))
            guard !found.contains(where: { $0.folded == folded }) else { continue }
            found.append(Entry(member: member, folded: folded, former: folded == former ? nil : former))
        }
        return found
    }

    /// Whether a name may hold a character.
    static func isAllowed(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.properties.generalCategory {
        case .control, .format, .spaceSeparator, .lineSeparator, .paragraphSeparator, .surrogate, .unassigned: false
        default: true
        }
    }

    // MARK: folding

    /// The form in which earlier versions keep names.
    static func lowercasedASCII(_ name: String) -> String {
        String(decoding: name.utf8.map { 0x41...0x5A ~= $0 ? $0 | 0x20 : $0 }, as: UTF8.self)
    }

    private static func trimmed(_ scalars: String.UnicodeScalarView) -> Substring.UnicodeScalarView {
        let start = scalars.firstIndex(where: isAllowed) ?? scalars.endIndex
        let end = scalars.lastIndex(where: isAllowed).map(scalars.index(after:)) ?? scalars.endIndex
        return scalars[start..<max(start, end)]
    }

    /// The katakana from U+FF65 on, in the order of their half-width forms.
    private static let katakana = Array(
        "・ヲァィゥェォャュョッーアイウエオカキクケコサシスセソタチツテトナニヌネノハヒフヘホマミムメモヤユヨラリルレロワン\u{3099}\u{309A}".unicodeScalars)

    private static func usualWidth(_ scalar: Unicode.Scalar) -> Unicode.Scalar {
        switch scalar.value {
        case 0xFF01...0xFF5E: return Unicode.Scalar(scalar.value - 0xFEE0) ?? scalar
        case 0xFF65...0xFF9F: return katakana[Int(scalar.value - 0xFF65)]
        default: return scalar
        }
    }
}
