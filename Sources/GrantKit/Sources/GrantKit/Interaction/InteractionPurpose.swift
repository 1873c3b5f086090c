// SPDX-License-Identifier: Apache-2.0

/// The purpose of an interaction that does not begin at the authorization endpoint, such as a device that shows a code.
///
/// An endpoint for browsers starts the interaction by returning `EndpointResponse.interaction`. The core then takes the
/// user through sign-in and consent, and calls the purpose with the result. Pages can stay open for an hour, so the
/// core asks the purpose for the request again before each page. If the request is no longer valid, the purpose refuses
/// then.
public protocol InteractionPurpose: Sendable {
    /// The name by which endpoints start it, unique in a server.
    var name: String { get }
    /// The grant whose client attributes apply to what is issued.
    var grant: GrantDeclaration { get }
    /// The request that the user is asked about.
    ///
    /// During an interaction it must always be of the same client, and its limits must not become wider.
    ///
    /// - Parameter context: What the endpoint passed when it started the interaction.
    /// - Returns: The request.
    /// - Throws: `OAuthError` to refuse, which is shown on a page; `PurposeSettled` if there already is a result.
    func request(for context: JSON) async throws -> PurposeRequest
    /// Ends the interaction after the user has allowed access.
    ///
    /// It must not write to the store itself. The core commits the returned writes together with the session and the
    /// consent. The core may call it again if a record that it had read has changed meanwhile.
    ///
    /// - Parameters:
    ///   - authorization: The authorization that the user has allowed. A grant that returns it later must not change
    ///     it.
    ///   - context: What the endpoint passed when it started the interaction.
    /// - Returns: The page to show and the writes to commit.
    /// - Throws: `OAuthError` to refuse, which is shown on a page; `PurposeSettled` if there already is a result.
    func approved(_ authorization: Authorization, for context: JSON) async throws -> PurposeAnswer
    /// Ends the interaction after the user has denied access.
    ///
    /// - Parameter context: What the endpoint passed when it started the interaction.
    /// - Returns: The page to show and the writes to commit.
    /// - Throws: `OAuthError` to refuse, which is shown on a page; `PurposeSettled` if there already is a result.
    func denied(for context: JSON) async throws -> PurposeAnswer
}
