// SPDX-License-Identifier: Apache-2.0

/// A response that is being built: its members, and the writes that are committed with it.
public struct Issuance: Sendable {
    /// The request that a response belongs to.
    public enum Answer: Sendable {
        /// A request to the token endpoint.
        case token(TokenRequest)
        /// A request to the authorization endpoint.
        case authorization(AuthorizationRequest)
    }

    /// All that was granted.
    ///
    /// Store this with anything that is used after the response, such as a refresh token.
    public let authorization: Authorization
    /// The client that it was granted to.
    public let client: Client
    /// The limits of this response.
    public let limits: AccessLimits
    /// The request that the response belongs to.
    public let answer: Answer
    /// The time of issue, which is the same for all parts of the response.
    public let issuedAt: Timestamp
    /// The members so far, in the order in which they were added.
    public private(set) var members: [JSON.Member] = []
    /// For the host: the identifier of the access token in the response.
    @_spi(Host)
    public var tokenID: String?
    /// The writes so far.
    public private(set) var writes: [StoreWrite] = []

    /// For the host: makes an empty response.
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

    /// The string in a member that was added earlier; nil if there is none.
    public subscript(member: String) -> String? {
        members.first { $0.name == member }?.value.string
    }

    /// Adds a member.
    ///
    /// - Parameters:
    ///   - member: The name.
    ///   - value: The value.
    /// - Throws: `OAuthError` `server_error` if the response already has it.
    public mutating func add(_ member: String, _ value: JSON) throws {
        guard !members.contains(where: { $0.name == member }) else {
            throw OAuthError(.serverError, reason: "two plugins add '\(member)' to one response")
        }
        members.append(JSON.Member(member, value))
    }

    /// Adds a write, which is committed together with the response.
    ///
    /// - Parameter write: The write.
    public mutating func alsoWrite(_ write: StoreWrite) {
        writes.append(write)
    }
}
