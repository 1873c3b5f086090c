// SPDX-License-Identifier: Apache-2.0

/// An interaction, which is sign-in and consent, as one of its steps sees it.
public struct Interaction: Sendable {
    /// The client that requests access.
    public var client: Client
    /// The requirements of sign-in and consent.
    public var policy: InteractionPolicy
    /// The user, as identified by the session or earlier steps; nil if nobody is identified yet.
    public var subject: Subject?
    /// The time of that authentication.
    public var authenticatedAt: Timestamp?
    /// The authentication context class reached so far.
    public var acr: String?
    /// The authentication methods used so far (RFC 8176, `amr`).
    ///
    /// A step can skip a method that is already among them.
    public var amr: [String] = []
    /// The value that this step kept with its last page.
    public var kept: JSON?
    /// The IP address of the browser.
    public var address: String

    /// For the host: makes an interaction.
    @_spi(Host)
    public init(
        client: Client, policy: InteractionPolicy, subject: Subject? = nil, kept: JSON? = nil, address: String = ""
    ) {
        self.client = client
        self.policy = policy
        self.subject = subject
        self.kept = kept
        self.address = address
    }
}
