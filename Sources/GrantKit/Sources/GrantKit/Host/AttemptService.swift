// SPDX-License-Identifier: Apache-2.0

/// Slows down the guessing of secrets other than passwords, such as codes that users type.
///
/// A few attempts are free; after them each has to wait longer than the one before, up to a limit. Attempts are counted
/// in the store, so all nodes share the counts. If a guess names no account, one limit applies to all addresses
/// together. During HEAD no attempt may continue.
public protocol AttemptService: Sendable {
    /// Counts an attempt, before the secret is looked up or compared.
    ///
    /// - Parameters:
    ///   - secret: The kind of secret, such as `user_code`; each plugin has its own kinds.
    ///   - account: The account to which the secret belongs, if the guess names one, or the user who is signed in and
    ///     guesses. Attempts are then counted for the account as well as for the address.
    ///   - address: The address of the requester.
    /// - Returns: Whether the attempt may continue.
    /// - Throws: `StoreError`.
    func count(_ secret: String, of account: String?, from address: String) async throws -> AttemptVerdict
    /// Notes that an attempt was right, so it no longer counts; call it once for each.
    ///
    /// - Throws: `StoreError`.
    func succeeded(_ attempt: CountedAttempt) async throws
}
