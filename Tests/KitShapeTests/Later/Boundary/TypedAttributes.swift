// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// An attribute that every client has once.
///
/// Takes the place of `ClientAttribute` with the level `.client` or `.grant`.
struct TopAttribute<Value: SettingValue>: Sendable {
    let name: String
    /// The grant under which it is written; nil at the top.
    let grant: String?
    let fallback: Value
}

/// An attribute that a client has under each grant.
///
/// Takes the place of `ClientAttribute` with the level `.everyGrant`, which can be read without a grant by mistake.
struct GrantAttribute<Value: SettingValue>: Sendable {
    let name: String
    let fallback: Value
}

extension Client {
    subscript<Value>(attribute: TopAttribute<Value>) -> Value {
        let owner: JSON? = if let grant = attribute.grant { document["auth"]?[grant] } else { document }
        return owner?[attribute.name].flatMap(Value.init(setting:)) ?? attribute.fallback
    }

    subscript<Value>(attribute: GrantAttribute<Value>, under key: String) -> Value {
        document["auth"]?[key]?[attribute.name].flatMap(Value.init(setting:)) ?? attribute.fallback
    }
}

extension Settings {
    /// Takes the place of `clientAttribute(_:on:default:_:)` with `.client` or `.grant`.
    func topAttribute<Value: SettingValue>(
        _ name: String, under grant: String? = nil, default fallback: Value, _ help: String
    ) -> TopAttribute<Value> {
        _ = clientAttribute(name, on: grant.map(AttributeLevel.grant) ?? .client, default: fallback, help)
        return TopAttribute(name: name, grant: grant, fallback: fallback)
    }

    /// Takes the place of `clientAttribute(_:on:default:_:)` with `.everyGrant`.
    func grantAttribute<Value: SettingValue>(
        _ name: String, default fallback: Value, _ help: String
    ) -> GrantAttribute<Value> {
        _ = clientAttribute(name, on: .everyGrant, default: fallback, help)
        return GrantAttribute(name: name, fallback: fallback)
    }
}
