// SPDX-License-Identifier: Apache-2.0

import GrantKit

extension UserDocument {
    /// Checks the identities of the user at other servers.
    mutating func checkIdentities() {
        guard let member = document[UserIdentity.member], member != .null else { return }
        let place = path.key(UserIdentity.member)
        guard case .array(let elements) = member, elements.count <= UserIdentity.most else {
            return report(place, "'identities' must be a list of at most \(UserIdentity.most) mappings")
        }
        var seen: [UserIdentity] = []
        for (number, element) in elements.enumerated() {
            guard let identity = UserIdentity(element) else {
                report(
                    place.element(number),
                    "an identity must be a mapping with 'issuer' and 'subject', each 1 to \(UserIdentity.longest) bytes"
                )
                continue
            }
            if seen.contains(identity) { report(place.element(number), "this identity is listed twice") }
            seen.append(identity)
        }
    }
}
