// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// Carries the state of an interaction through the browser, sealed, and ties its forms to it.
struct InteractionSeal {
    let core: ServerCore

    /// - Throws: `OAuthError` `invalid_request` if the request is too long to be carried; an error of the keys.
    func seal(_ state: InteractionState) async throws -> String {
        let sealed = try await core.keys.seal(state.json.text, purpose: InteractionState.purpose)
        guard sealed.utf8.count <= Limit.sealed else {
            throw OAuthError(.invalidRequest, "the authorization request is too long; the limit is about 8,000 bytes")
        }
        return sealed
    }

    /// Opens a state that was sealed for this browser, if it is not too old.
    ///
    /// - Parameters:
    ///   - sealed: The sealed state.
    ///   - head: The request that carries it.
    ///   - again: Returns the URL at which to start over. It must reveal nothing about the state, because this may be
    ///     another browser.
    /// - Returns: The state.
    /// - Throws: `PageRefusal`; an error of the keys.
    func open(
        _ sealed: String, _ head: RequestHead, again: (InteractionState) async -> String?
    ) async throws -> InteractionState {
        guard let text = try await core.keys.open(sealed, purpose: InteractionState.purpose),
            let json = try? JSON(parsing: text), let state = InteractionState(json)
        else { throw PageRefusal(.expired, OAuthError(.invalidRequest, reason: "there is no valid sealed state")) }
        guard core.now - state.began < InteractionState.lifetime,
            core.restoration?.ends(interactionFrom: state.began) != true
        else {
            let error = OAuthError(.invalidRequest, reason: "the sealed state is too old")
            throw PageRefusal(.expired, error, again: await again(state))
        }
        let cookie = Cookie(Cookie.browser, issuer: core.issuer).value(in: head) ?? ""
        guard Secret(core.cryptography.digest(cookie)) == Secret(state.browser) else {
            let error = OAuthError(.invalidRequest, reason: "the page was shown in another browser")
            throw PageRefusal(.cookie, error, again: await again(state))
        }
        return state
    }

    /// A code that proves that a form comes from a page of this interaction, shown in this browser.
    func formToken(_ state: InteractionState) async throws -> String {
        try await core.keys.authenticationCode("\(state.id) \(state.browser)", purpose: "form")
    }

    func isFormToken(_ token: String, of state: InteractionState) async throws -> Bool {
        try await core.keys.isAuthentic(token, over: "\(state.id) \(state.browser)", purpose: "form")
    }
}
