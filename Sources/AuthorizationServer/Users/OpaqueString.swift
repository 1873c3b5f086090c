// SPDX-License-Identifier: Apache-2.0

import GrantKit
@_spi(_Unicode) import Swift

/// Passwords in the normal form of RFC 8265 section 4.2, whatever keyboard, browser or editor they come from.
///
/// Spaces of all kinds become U+0020, and the rest is put into Normalization Form C; case is preserved. Unlike the
/// profile, this allows the joiners and variation selectors of emoji, because keyboards produce them.
public enum OpaqueString {
    /// Normalizes a password.
    ///
    /// - Parameter text: At most a few hundred bytes: the time grows with the length.
    /// - Returns: The normal form; nil if the string cannot be a new password, because it is empty or contains a
    ///   control character or an unassigned code point, whose normal form could change with the version of Unicode.
    public static func normal(_ text: String) -> String? {
        guard !text.isEmpty, text.unicodeScalars.allSatisfy(isAllowed) else { return nil }
        guard !text.utf8.allSatisfy({ $0 < 0x80 }) else { return text }
        return text.mappingScalars { $0.properties.generalCategory == .spaceSeparator ? " " : $0 }.inFormC
    }

    /// The spellings to compare for a typed password: as typed, because an imported hash may be of any spelling, and in
    /// normal form if that differs.
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
    /// The string in Normalization Form C (Unicode Standard Annex 15), by the tables with which the standard library
    /// compares strings.
    var inFormC: String {
        var scalars = String.UnicodeScalarView()
        scalars.append(contentsOf: _nfc)
        return String(scalars)
    }

    /// Replaces scalars.
    func mappingScalars(_ map: (Unicode.Scalar) -> Unicode.Scalar) -> String {
        var scalars = String.UnicodeScalarView()
        scalars.append(contentsOf: unicodeScalars.map(map))
        return String(scalars)
    }
}
