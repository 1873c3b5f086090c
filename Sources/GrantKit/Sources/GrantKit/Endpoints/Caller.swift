// SPDX-License-Identifier: Apache-2.0

/// A caller of endpoints.
///
/// An endpoint gets its caller as a value of such a type, so it need not check again what the core has checked. Only
/// the kit can add callers, since only the kit can make an `Admission`.
public protocol Caller: Sendable {}

/// A client that the core has identified.
///
/// If it has credentials, it has authenticated.
extension Client: Caller {}

/// The session of a user who is signed in.
extension UserSession: Caller {}

/// An optional caller: requests without one are admitted too.
extension Optional: Caller where Wrapped: Caller {}
