// SPDX-License-Identifier: Apache-2.0

/// The request that a user is asked about in an interaction with a purpose.
public struct PurposeRequest: Sendable {
    /// The client that requests access.
    public var client: Client
    /// The limits of what is granted, from `AccessService.limits`.
    ///
    /// The core narrows them again.
    public var limits: AccessLimits
    /// What the consent page shows in addition, and whether consent is remembered.
    public var consent: ConsentTerms

    /// Makes a request.
    ///
    /// - Parameters:
    ///   - client: The client that requests access.
    ///   - limits: The limits of what is granted.
    ///   - consent: What the consent page shows in addition, and whether consent is remembered.
    public init(client: Client, limits: AccessLimits, consent: ConsentTerms = ConsentTerms()) {
        self.client = client
        self.limits = limits
        self.consent = consent
    }
}
