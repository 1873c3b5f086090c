// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// The part of a response that flows and extensions must leave as it is, because they may only add to a response.
struct KeptIssuance {
    private let before: Issuance

    init(_ issuance: Issuance) {
        before = issuance
    }

    /// - Throws: `HostRefusal` if the response is another one, or has more than declared members.
    func check(_ issuance: Issuance, adding declared: [String]) throws {
        guard isKept(in: issuance) else {
            throw HostRefusal(
                "an extension replaced the issuance by another one; it must only add to the issuance that it gets, with "
                    + "add and alsoWrite")
        }
        let added = issuance.members.dropFirst(before.members.count)
        if let member = added.first(where: { !declared.contains($0.name) }) {
            throw HostRefusal(
                "an extension adds '\(member.name)' to a response without declaring it; add it to its members, so that "
                    + "no other plugin adds it too")
        }
    }

    /// Whether nothing was taken away or replaced.
    func isKept(in issuance: Issuance) -> Bool {
        issuance.client.id == before.client.id && issuance.authorization.subject == before.authorization.subject
            && issuance.authorization.limits == before.authorization.limits && issuance.limits == before.limits
            && issuance.members.count >= before.members.count && issuance.writes.count >= before.writes.count
    }
}
