// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// The types of the standard claims about a user (OpenID Connect Core section 5.1).
///
/// A claim of another type is left out, because a client may fail on it. The names are those of the standard; they only
/// matter if a loaded plugin provides the claim.
enum UserClaims {
    /// The claims that are not strings.
    private static let kinds: [(names: String, expectation: String, accepts: @Sendable (JSON) -> Bool)] = [
        (" email_verified phone_number_verified ", Bool.expectation, { $0.bool != nil }),
        (" updated_at ", "a whole number of seconds since 1970", { $0.integer != nil }),
        (" address ", "a mapping that is not empty", { !$0.members.isEmpty }),
    ]

    /// The type that a claim must have; nil if the value is valid.
    static func expectation(of name: String, given value: JSON) -> String? {
        let kind = kinds.first {
            $0.names.utf8.split(separator: UInt8(ascii: " ")).contains { $0.elementsEqual(name.utf8) }
        }
        guard let kind else { return value.string == nil ? String.expectation : nil }
        return kind.accepts(value) ? nil : kind.expectation
    }
}
