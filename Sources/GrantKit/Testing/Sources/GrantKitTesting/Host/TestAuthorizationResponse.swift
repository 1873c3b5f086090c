// SPDX-License-Identifier: Apache-2.0

public import GrantKit

/// A response of the authorization endpoint, with what only the host knows of it.
public struct TestAuthorizationResponse: Sendable {
    /// What was granted.
    public let authorization: Authorization
    /// The limits of the response.
    public let limits: AccessLimits
    /// The parameters that the client gets, without `state` and `iss`.
    public let members: JSON
    /// The part of the redirect that contains them.
    public let delivery: Delivery
    /// The writes that were committed with the response.
    public let writes: [StoreWrite]

    /// The string in a member; nil if there is none.
    public subscript(member: String) -> String? { members[member]?.string }
}
