// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// Who acts for a subject (RFC 8693 section 4).
enum Delegation {
    /// The most actors that a token names, since each exchange could add one.
    private static let most = 8

    /// The claim `act`: the actor, and within it those of before, who count for nothing (section 4.1).
    ///
    /// - Throws: `OAuthError` `invalid_request` if there are too many.
    static func act(_ subject: Subject, before former: JSON?) throws -> JSON {
        var number = 1
        var next = former
        while let actor = next {
            number += 1
            guard number <= most else { throw OAuthError.actor("the token names too many actors already") }
            next = actor["act"]
        }
        var act: JSON = ["sub": .string(subject.id)]
        act["act"] = former
        return act
    }

    /// Whether the claim `may_act` of a subject token allows somebody to act; without the claim, the rule decides alone.
    ///
    /// A member that this server does not know may exclude this actor, so it does.
    ///
    /// - Parameters:
    ///   - mayAct: The claim.
    ///   - actor: The identifier of the actor.
    ///   - client: The identifier of the client that asks.
    ///   - issuer: The issuer of both.
    /// - Returns: Whether the actor may act.
    static func allows(_ mayAct: JSON?, actor: String, client: String, issuer: String) -> Bool {
        guard let mayAct else { return true }
        guard case .object(let members) = mayAct, mayAct["sub"] != nil || mayAct["client_id"] != nil else {
            return false
        }
        return members.allSatisfy { member in
            if member.name == "sub" { return member.value.string == actor }
            if member.name == "iss" { return member.value.string == issuer }
            return member.name == "client_id" && member.value.string == client
        }
    }
}
