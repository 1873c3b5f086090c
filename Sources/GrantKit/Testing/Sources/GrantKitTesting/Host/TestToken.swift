// SPDX-License-Identifier: Apache-2.0

public import GrantKit

/// A response of the token endpoint, with what only the host knows of it.
public struct TestToken: Sendable {
    /// What was granted.
    public let authorization: Authorization
    /// The limits of this response, as filters have left them.
    public let limits: AccessLimits
    /// The members of the response.
    public let members: JSON

    /// The access token.
    public var value: String { members["access_token"]?.string ?? "" }
}
