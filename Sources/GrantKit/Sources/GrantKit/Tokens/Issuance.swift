// SPDX-License-Identifier: Apache-2.0

/// An answer in the making: the members that a client will see, and what is committed with it.
public struct Issuance: Sendable {
    /// Which request the answer belongs to.
    public enum Answer: Sendable {
        /// A request to the token endpoint.
        case token(TokenRequest)
        /// A request to the authorization endpoint.
        case authorization(AuthorizationRequest)
    }

    /// What was granted in all; what outlives the answer stores this.
    public let authorization: Authorization
    /// Whom it was granted to.
    public let client: Client
    /// What this answer may carry of it.
    public let limits: AccessLimits
    /// Which request the answer belongs to.
    public let answer: Answer
    /// The time that every part of the answer goes by.
    public let issuedAt: Timestamp
    /// The members so far, in the order in which they were added.
    public private(set) var members: [JSON.Member] = []
    /// For the host: the identifier of the access token in it.
    @_spi(Host)
    public var tokenID: String?
    /// The writes so far.
    public private(set) var writes: [StoreWrite] = []

    /// For the host: an empty answer.
    @_spi(Host)
    public init(
        authorization: Authorization, client: Client, limits: AccessLimits, answer: Answer, issuedAt: Timestamp
    ) {
        self.authorization = authorization
        self.client = client
        self.limits = limits
        self.answer = answer
        self.issuedAt = issuedAt
    }

    /// The text of a member that was added earlier.
    public subscript(member: String) -> String? {
        members.first { $0.name == member }?.value.string
    }

    /// Adds a member.
    ///
    /// - Throws: `OAuthError` `server_error` if it is there already.
    public mutating func add(_ member: String, _ value: JSON) throws {
        guard !members.contains(where: { $0.name == member }) else {
            throw OAuthError(.serverError, reason: "two plugins add '\(member)' to one answer")
        }
        members.append(JSON.Member(member, value))
    }

    /// Commits an entry together with the answer.
    public mutating func alsoWrite(_ write: StoreWrite) {
        writes.append(write)
    }
}
