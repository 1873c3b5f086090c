// SPDX-License-Identifier: Apache-2.0

public import GrantKit

/// A caller of a plugin's endpoint in a test.
public enum TestCaller: Sendable {
    /// A client that the server has identified.
    case client(Client)
    /// A request with an access token.
    case bearer(Bearer)
    /// A browser, with its session if a user is signed in.
    case browser(UserSession?)
}
