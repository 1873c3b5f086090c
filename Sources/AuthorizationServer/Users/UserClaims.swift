// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// The kinds of the standard claims about a person (OpenID Connect Core section 5.1): a claim of another kind is not told,
/// since a client may fail at it.
///
/// The names are those of the standard, and they matter only where a loaded plugin tells the claim.
enum UserClaims {
    /// The claims that are not texts.
    private static let kinds: [(names: String, expectation: String, accepts: @Sendable (JSON) -> Bool)] = [
        (" email_verified phone_number_verified ", Bool.expectation, { $0.bool != nil }),
        (" updated_at ", "a whole number, the seconds since 1970", { $0.integer != nil }),
        (" address ", "a mapping from keys to values that is not empty", { !$0.members.isEmpty }),
    ]

    /// What a claim must be, or nil if the value is that.
    static func expectation(of name: String, given value: JSON) -> String? {
        let kind = kinds.first {
            $0.names.utf8.split(separator: UInt8(ascii: " ")).contains { $0.elementsEqual(name.utf8) }
        }
        guard let kind else { return value.string == nil ? String.expectation : nil }
        return kind.accepts(value) ? nil : kind.expectation
    }
}
