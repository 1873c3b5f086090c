// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// The values of `typ` that are accepted from an issuer.
struct AssertionTypes: SettingValue {
    /// The type of most platforms' tokens, and of those without a type.
    static let plain = "JWT"
    static let usual = AssertionTypes(names: [plain])

    static var expectation: String { "one or several types such as JWT, at+jwt or \(IdentityAssertion.type)" }

    let names: [String]

    private init(names: [String]) {
        self.names = names
    }

    init?(setting: JSON) {
        guard let names = [String](setting: setting), !names.isEmpty, names.allSatisfy({ Scope.isWord($0) }) else {
            return nil
        }
        self.names = names
    }

    var setting: JSON { .strings(names) }

    /// The types of identity assertions, in whatever spelling.
    var ofIdentityAssertions: [String] { names.filter(IdentityAssertion.isType) }

    /// The types of all other tokens, which are checked by other rules.
    var ofOthers: [String] { names.filter { !IdentityAssertion.isType($0) } }

    /// Whether a token may have no type.
    var areOptional: Bool {
        names.contains { JWTRules.plainType($0) == JWTRules.plainType(AssertionTypes.plain) }
    }
}
