// SPDX-License-Identifier: Apache-2.0

/// The reason why a token of another party is not accepted; for the log, never for a client.
public struct JWTRefusal: Error, Sendable, CustomStringConvertible {
    /// The reason, as the rest of a sentence about the token.
    public let reason: String

    /// Makes a refusal.
    ///
    /// - Parameter reason: The reason. It must not repeat what the token contains.
    public init(_ reason: String) {
        self.reason = reason
    }

    /// The reason.
    public var description: String { reason }
}
