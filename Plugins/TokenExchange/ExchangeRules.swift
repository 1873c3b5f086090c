// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// What a client may exchange, of the tokens that this server has issued: the client attribute `exchanges`.
struct ExchangeRules: SettingValue {
    /// No token.
    static let none = ExchangeRules(all: [], setting: [])
    private static let most = 50

    static var expectation: String {
        "a list of rules such as { subject: access_token, audience: https://api.example.com, "
            + "to: https://orders.example.com }"
    }

    let all: [ExchangeRule]
    let setting: JSON

    private init(all: [ExchangeRule], setting: JSON) {
        (self.all, self.setting) = (all, setting)
    }

    init?(setting: JSON) {
        guard case .array(let elements) = setting, (1...ExchangeRules.most).contains(elements.count),
            let all = try? elements.map(ExchangeRule.init)
        else { return nil }
        (self.all, self.setting) = (all, setting)
    }

    static func problem(in setting: JSON) -> String? {
        guard case .array(let elements) = setting, !elements.isEmpty else { return nil }
        guard elements.count <= most else { return "has \(elements.count) rules; the limit is \(most)" }
        for (number, element) in elements.enumerated() {
            do {
                _ = try ExchangeRule(element)
            } catch let error as ConfigurationError {
                return "has a mistake: rule \(number + 1) \(error.message)"
            } catch {
                return nil
            }
        }
        return nil
    }
}
