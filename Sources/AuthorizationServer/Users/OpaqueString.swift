// SPDX-License-Identifier: Apache-2.0

import GrantKit
@_spi(_Unicode) import Swift

/// Passwords as RFC 8265 section 4.2 compares them, whatever keyboard, browser or editor they come from.
///
/// Spaces of all kinds become U+0020, and the rest takes Normalization Form C; upper and lower case stay apart. Unlike the
/// profile this lets the joiners and variation selectors of emoji pass, since keyboards write them.
public enum OpaqueString {
    /// A password in its normal form.
    ///
    /// - Parameter text: At most some hundred bytes: the time grows with the length.
    /// - Returns: Nil if the text can't be a new password: it is empty, or holds a control character, or a code point that
    ///   is no character, or none yet, whose normal form could change with the version of Unicode.
    public static func normal(_ text: String) -> String? {
        guard !text.isEmpty, text.unicodeScalars.allSatisfy(isAllowed) else { return nil }
        guard !text.utf8.allSatisfy({ $0 < 0x80 }) else { return text }
        return text.mappingScalars { $0.properties.generalCategory == .spaceSeparator ? " " : $0 }.inFormC
    }

    /// What a typed password is compared as: as it was typed, since hashes from elsewhere may be those of any spelling, and
    /// in its normal form if that differs.
    static func spellings(_ typed: Secret) -> [Secret] {
        guard let normal = normal(typed.exposed), normal != typed.exposed else { return [typed] }
        return [typed, Secret(normal)]
    }

    private static func isAllowed(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.properties.generalCategory {
        case .control, .unassigned, .surrogate, .lineSeparator, .paragraphSeparator: false
        default: true
        }
    }
}

extension String {
    /// In Normalization Form C (Unicode Standard Annex 15), by the tables that the standard library compares strings with.
    var inFormC: String {
        var scalars = String.UnicodeScalarView()
        scalars.append(contentsOf: _nfc)
        return String(scalars)
    }

    /// With other scalars in place of some.
    func mappingScalars(_ map: (Unicode.Scalar) -> Unicode.Scalar) -> String {
        var scalars = String.UnicodeScalarView()
        scalars.append(contentsOf: unicodeScalars.map(map))
        return String(scalars)
    }
}
