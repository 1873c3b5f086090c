// SPDX-License-Identifier: Apache-2.0

/// What a person has allowed a client, whether it is remembered or the person is asked each time.
public struct StoredConsent: Sendable {
    /// The client.
    public let clientID: String
    /// What was allowed.
    public let scope: Scope
    /// When it was allowed last.
    public let givenAt: Timestamp

    /// For the host: a consent.
    @_spi(Host)
    public init(clientID: String, scope: Scope, givenAt: Timestamp) {
        self.clientID = clientID
        self.scope = scope
        self.givenAt = givenAt
    }
}
