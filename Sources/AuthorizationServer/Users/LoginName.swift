// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// The names that a user can sign in with: `id`, `userName` and `email`, which share one namespace.
///
/// Names are compared by the profile UsernameCaseMapped (RFC 8265 section 3.3): full-width and half-width characters
/// like the usual ones, upper case like lower case, all in Normalization Form C. Characters that no name can contain
/// are ignored at the ends of a typed name: spaces that keyboards add, and invisible marks in copied text.
enum LoginName {
    /// A login name in a user's document.
    struct Entry {
        let member: String
        /// The form for comparison.
        let folded: String
        /// The form in which earlier versions stored the name, with only ASCII letters folded; nil if it is the same.
        let former: String?

        func key(_ cryptography: any CryptographyService) -> StoreKey {
            LoginRow.key(cryptography.digest(folded))
        }

        func formerKey(_ cryptography: any CryptographyService) -> StoreKey? {
            former.map { LoginRow.key(cryptography.digest($0)) }
        }

        /// All keys under which the store may have the name.
        func keys(_ cryptography: any CryptographyService) -> [StoreKey] {
            [key(cryptography)] + (formerKey(cryptography).map { [$0] } ?? [])
        }
    }

    static let members = ["id", "userName", "email"]

    /// The form of a name for comparison.
    static func folded(_ name: String) -> String {
        // Nearly every name is ASCII.
        guard !name.utf8.allSatisfy({ 0x21...0x7E ~= $0 }) else { return lowercasedASCII(name) }
        var scalars = String.UnicodeScalarView()
        for scalar in trimmed(name.unicodeScalars) {
            scalars.append(contentsOf: usualWidth(scalar).properties.lowercaseMapping.unicodeScalars)
        }
        return String(scalars).inFormC
    }

    /// The digest of a name for keys: of fixed length and in ASCII, so that equal keys have equal bytes.
    static func digest(_ name: String, _ cryptography: any CryptographyService) -> String {
        cryptography.digest(folded(name))
    }

    /// The digests under which the store may have a typed name; a name that an earlier version stored takes precedence
    /// over others that are now equal to it.
    static func digests(_ name: String, _ cryptography: any CryptographyService) -> [String] {
        let digest = digest(name, cryptography)
        let former = cryptography.digest(lowercasedASCII(name))
        return former == digest ? [digest] : [former, digest]
    }

    /// The login names in a user's document, without repetition.
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

    /// Whether a name may contain a character.
    static func isAllowed(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.properties.generalCategory {
        case .control, .format, .spaceSeparator, .lineSeparator, .paragraphSeparator, .surrogate, .unassigned: false
        default: true
        }
    }

    // MARK: folding

    /// The form in which earlier versions stored names.
    static func lowercasedASCII(_ name: String) -> String {
        String(decoding: name.utf8.map { 0x41...0x5A ~= $0 ? $0 | 0x20 : $0 }, as: UTF8.self)
    }

    private static func trimmed(_ scalars: String.UnicodeScalarView) -> Substring.UnicodeScalarView {
        let start = scalars.firstIndex(where: isAllowed) ?? scalars.endIndex
        let end = scalars.lastIndex(where: isAllowed).map(scalars.index(after:)) ?? scalars.endIndex
        return scalars[start..<max(start, end)]
    }

    /// The katakana for U+FF65 and following, in the order of their half-width forms.
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
