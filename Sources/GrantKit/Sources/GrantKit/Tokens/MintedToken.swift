// SPDX-License-Identifier: Apache-2.0

/// A new token, and what must be committed for it to be known.
public struct MintedToken: Sendable {
    /// The value that the client gets.
    public var value: String
    /// What is committed with the answer.
    public var writes: [StoreWrite]

    /// Makes a minted token.
    public init(_ value: String, writes: [StoreWrite] = []) {
        self.value = value
        self.writes = writes
    }
}
