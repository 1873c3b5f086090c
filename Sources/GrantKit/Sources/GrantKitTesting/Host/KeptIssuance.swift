// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// The part of a response that an extension must leave as it is, because it may only add to a response.
struct KeptIssuance {
    private let before: Issuance

    init(_ issuance: Issuance) {
        before = issuance
    }

    /// - Throws: `HostRefusal` if the response is another one.
    func check(_ issuance: Issuance) throws {
        guard !isKept(in: issuance) else { return }
        throw HostRefusal(
            "an extension replaced the issuance by another one; it must only add to the issuance that it gets, with "
                + "add and alsoWrite")
    }

    private func isKept(in issuance: Issuance) -> Bool {
        issuance.client.id == before.client.id && issuance.authorization.subject == before.authorization.subject
            && issuance.authorization.limits == before.authorization.limits && issuance.limits == before.limits
            && issuance.members.count >= before.members.count && issuance.writes.count >= before.writes.count
    }
}
