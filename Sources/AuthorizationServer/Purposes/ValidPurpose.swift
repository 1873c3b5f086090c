// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// A purpose, with the start of the interaction that it gets the result of.
struct ValidPurpose: Sendable {
    let owned: Owned<any InteractionPurpose>
    let start: PurposeStart
    /// The languages that the browser accepts, most preferred first.
    let languages: [String]

    var role: any InteractionPurpose { owned.role }

    /// The place where the result goes.
    ///
    /// The space keeps it apart from every URI.
    var place: String { "purpose \(role.name)" }

    /// Turns a refusal into a page with a way to start over.
    ///
    /// Most refusals mean that the purpose has ended, for example because its code has expired, or that the client may
    /// no longer ask.
    func refusal(_ error: OAuthError) -> PageRefusal {
        let kind: PageRefusal.Kind = error.code == .unauthorizedClient ? .client : .expired
        return PageRefusal(PageRefusal.Kind(of: error, otherwise: kind), error, again: start.page)
    }
}
