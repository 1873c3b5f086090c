// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// Notifies the clients of a session through the browser when it ends (OpenID Connect Front-Channel Logout 1.0).
struct FrontChannel: Sendable {
    let host: any PluginHost
    let frame: ClientAttribute<CallbackAddress>
    let needsSession: ClientAttribute<Bool>

    /// The maximum number of frames on a page; a header field lists their sites, and proxies limit it to a few thousand
    /// bytes.
    private static let most = 50

    /// The URLs that the page loads in frames, with `iss` and `sid` for clients that require them (section 2).
    func frames(for session: String) async throws -> [String] {
        var frames: [String] = []
        for id in try await host.sessions.clients(of: session) where frames.count < FrontChannel.most {
            guard let client = try await host.clients.usable(id) else { continue }
            guard let address = client[frame].address else { continue }
            frames.append(address.adding(client[needsSession] ? [("iss", host.issuer), ("sid", session)] : []))
        }
        return frames
    }
}
