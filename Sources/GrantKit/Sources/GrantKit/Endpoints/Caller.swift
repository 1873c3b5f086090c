// SPDX-License-Identifier: Apache-2.0

/// A kind of caller of endpoints.
///
/// It is the type of what an endpoint gets, so no endpoint checks again what the core has checked. Only the kit can add
/// kinds, since only it makes an `Admission` for them.
public protocol Caller: Sendable {}

/// A client that the core has identified; it has authenticated if it has credentials.
extension Client: Caller {}

/// A user who is signed in with the browser that sent the request.
extension UserSession: Caller {}

/// Of an optional caller, a request without any is admitted too.
extension Optional: Caller where Wrapped: Caller {}
