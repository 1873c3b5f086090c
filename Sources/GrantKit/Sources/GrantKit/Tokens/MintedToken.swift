// SPDX-License-Identifier: Apache-2.0

/// A new token, with the writes that make it known to the server.
public struct MintedToken: Sendable {
    /// The value that the client gets.
    public var value: String
    /// The writes that the core commits with the response.
    public var writes: [StoreWrite]

    /// Makes a minted token.
    public init(_ value: String, writes: [StoreWrite] = []) {
        self.value = value
        self.writes = writes
    }
}
