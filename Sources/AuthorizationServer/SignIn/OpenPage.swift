// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// A page of an interaction that a browser has loaded or submitted.
struct OpenPage: Sendable {
    let state: InteractionState
    /// The session of the browser.
    let session: Session?
    /// The mark that the interaction is used, if it is.
    let marker: StoreRecord?
    /// What was submitted; nil if the page was only loaded.
    let submitted: Parameters?

    /// The response that was given to the same form before; nil if there is none.
    ///
    /// - Throws: An error of the keys.
    func given(in core: ServerCore) async throws -> GivenAnswer? {
        guard let marker else { return nil }
        let form = submitted.map { GivenAnswer.digest(ofForm: $0, core.cryptography) }
        return try await GivenAnswer(marker, of: state, for: form, in: core)
    }
}
