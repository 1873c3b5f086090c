// SPDX-License-Identifier: Apache-2.0

/// A sign-in and consent as one of its steps sees it.
public struct Interaction: Sendable {
    /// The client that asks.
    public var client: Client
    /// What has to be reached.
    public var policy: InteractionPolicy
    /// Whom the session or the steps before have established.
    public var subject: Subject?
    /// When that was proved.
    public var authenticatedAt: Timestamp?
    /// The authentication context class that was reached so far.
    public var acr: String?
    /// The methods by which it was proved so far (RFC 8176); a step that asks for one of these again can skip.
    public var amr: [String] = []
    /// What this step kept with its last page.
    public var kept: JSON?
    /// The address of the person's browser.
    public var address: String

    /// For the host: an interaction.
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
