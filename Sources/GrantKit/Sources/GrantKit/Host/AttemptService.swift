// SPDX-License-Identifier: Apache-2.0

/// Slows down the guessing of secrets other than passwords, such as codes that users type.
///
/// The first attempts of an hour are free. After them, each must wait longer than the one before, up to a limit. The
/// store keeps the counts, so all servers share them. If a guess names no account, one more limit applies to all
/// addresses together. During a HEAD request, no attempt may continue.
public protocol AttemptService: Sendable {
    /// Counts an attempt, before the secret is looked up or compared.
    ///
    /// - Parameters:
    ///   - secret: The kind of secret, such as `user_code`; each plugin has its own kinds.
    ///   - account: The account to which the secret belongs, if the guess names one, or the user who is signed in.
    ///     Attempts are then counted for the account as well as for the address.
    ///   - address: The address of the requester.
    /// - Returns: Whether the attempt may continue.
    /// - Throws: `StoreError`.
    func count(_ secret: String, of account: String?, from address: String) async throws -> AttemptVerdict
    /// Notes that an attempt was right, so it no longer counts.
    ///
    /// Call it once for each such attempt.
    ///
    /// - Parameter attempt: The attempt, as `count` returned it.
    /// - Throws: `StoreError`.
    func succeeded(_ attempt: CountedAttempt) async throws
    /// The part of an address by which requesters are counted, for plugins with counts of their own.
    ///
    /// - Parameter address: The address of a requester.
    /// - Returns: The same string for the first 64 bits of an IPv6 address, however it is written, and for an IPv4
    ///   address that is written as an IPv6 address.
    func origin(of address: String) -> String
}
