// SPDX-License-Identifier: Apache-2.0

/// What a sign-in and consent are for that did not begin at the authorization endpoint, such as a device that shows a
/// code.
///
/// An endpoint for browsers starts one by returning `EndpointResponse.interaction`. The core then takes the user
/// through sign-in and consent, and calls the purpose with the result. The pages can stay open for an hour, so the core
/// asks for the request again before each page: a purpose that has ended meanwhile refuses there.
public protocol InteractionPurpose: Sendable {
    /// The name by which endpoints start it, unique in a server.
    var name: String { get }
    /// The grant whose client attributes govern what comes of it.
    var grant: GrantDeclaration { get }
    /// The request that the user is asked about.
    ///
    /// While an interaction is open it must stay one client's, and its limits must stay the same or narrow.
    ///
    /// - Parameter context: What the endpoint passed when it started the interaction.
    /// - Returns: The request.
    /// - Throws: `OAuthError` to refuse, which is shown on a page; `PurposeSettled` if there already is a result.
    func request(for context: JSON) async throws -> PurposeRequest
    /// Decides what happens now that the user has allowed access.
    ///
    /// It must not write to the store itself; the core commits the returned writes together with the session and the
    /// consent. It may be called again if something that was read has changed meanwhile.
    ///
    /// - Parameters:
    ///   - authorization: What the user has allowed. A grant that returns it later must return it unchanged.
    ///   - context: What the endpoint passed when it started the interaction.
    /// - Returns: The page to show and the writes to commit.
    /// - Throws: `OAuthError` to refuse, which is shown on a page; `PurposeSettled` if there already is a result.
    func approved(_ authorization: Authorization, for context: JSON) async throws -> PurposeAnswer
    /// Decides what happens now that the user has denied access.
    ///
    /// - Parameter context: What the endpoint passed when it started the interaction.
    /// - Returns: The page to show and the writes to commit.
    /// - Throws: `OAuthError` to refuse, which is shown on a page; `PurposeSettled` if there already is a result.
    func denied(for context: JSON) async throws -> PurposeAnswer
}
