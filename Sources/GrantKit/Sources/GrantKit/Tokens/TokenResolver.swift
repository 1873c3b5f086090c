// SPDX-License-Identifier: Apache-2.0

/// Recognises tokens that this server issued.
public protocol TokenResolver: Sendable {
    /// The token behind a value, or nil if it is not one of this resolver's; by shape first, then by looking it up.
    ///
    /// Whether it has expired or was revoked is the core's question.
    func resolve(_ value: String) async throws -> ResolvedToken?
}
