// SPDX-License-Identifier: Apache-2.0

/// A user's consent to a client, whether it is remembered or the user is asked each time.
public struct StoredConsent: Sendable {
    /// The client.
    public let clientID: String
    /// The scope that the user allowed.
    public let scope: Scope
    /// The time at which the user last gave consent.
    public let givenAt: Timestamp

    /// For the host: makes a consent.
    @_spi(Host)
    public init(clientID: String, scope: Scope, givenAt: Timestamp) {
        self.clientID = clientID
        self.scope = scope
        self.givenAt = givenAt
    }
}
