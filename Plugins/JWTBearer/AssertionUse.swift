// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// Whether the `jti` of tokens counts.
enum AssertionUse: String, SettingValue {
    /// Each token has a `jti`, and is accepted once.
    case required
    /// A token with a `jti` is accepted once, and one without as often as it is valid.
    case ifPresent = "if_present"
    /// Each token is accepted as often as it is valid: some platforms hand out the same token for an hour.
    case ignored

    static var expectation: String { "one of required, if_present, ignored" }

    init?(setting: JSON) {
        guard let use = setting.string.flatMap(AssertionUse.init(rawValue:)) else { return nil }
        self = use
    }

    var setting: JSON { .string(rawValue) }

    /// Whether a token with these claims is accepted once.
    func counts(_ claims: JSON) -> Bool {
        switch self {
        case .required: true
        case .ifPresent: claims["jti"] != nil
        case .ignored: false
        }
    }
}
