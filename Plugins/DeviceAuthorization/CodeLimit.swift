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
        let name = host.cryptography.digest("request \(client.id)\u{0}\(CodeLimit.network(of: address))")
        let count = try await host.store.increment(
            DeviceRequests.counters.key(name), expiresAt: host.now + CodeLimit.window)
        guard count <= most else {
            throw OAuthError.tooManyRequests(
                retryAfter: CodeLimit.window,
                reason: "more than \(most) codes in a minute for one client and address")
        }
    }

    /// What an address is counted by: of IPv6 the first 64 bits, since one customer has all addresses that share them.
    static func network(of address: String) -> String {
        let parts = address.utf8.split(separator: UInt8(ascii: ":"), omittingEmptySubsequences: false)
        guard parts.count > 2 else { return address }
        let missing = max(0, 8 - parts.count { !$0.isEmpty })
        var groups: [String] = []
        var isFilled = false
        for part in parts {
            if !part.isEmpty {
                groups.append(String(Substring(part)))
            } else if !isFilled {
                // Two colons are as many zeros as are missing (RFC 4291 section 2.2).
                groups += Array(repeating: "0", count: missing)
                isFilled = true
            }
        }
        return groups.prefix(4).joined(separator: ":")
    }
}
