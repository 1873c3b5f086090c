// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// Limits how many codes a client may request from one address, since anyone can send requests as a public client.
struct CodeLimit: Sendable {
    private static let window = Duration.seconds(60)

    let host: any PluginHost
    /// The maximum number of requests in a minute.
    let most: Int64

    /// Counts a request.
    ///
    /// - Throws: `OAuthError` with the status 429 if there were too many; `StoreError`.
    func count(_ client: Client, from address: String) async throws {
        let name = host.cryptography.digest("request \(client.id)\u{0}\(host.attempts.origin(of: address))")
        let count = try await host.store.increment(
            DeviceRequests.counters.key(name), expiresAt: host.now + CodeLimit.window)
        guard count <= most else {
            throw OAuthError.tooManyRequests(
                retryAfter: CodeLimit.window,
                reason: "more than \(most) codes in a minute for one client and address")
        }
    }
}
