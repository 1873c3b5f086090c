// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// Makes devices wait between two polls (RFC 8628 section 3.5).
///
/// A filter, because it must count each request once, and a grant may be asked again. In each interval, the first poll
/// passes. The second one lengthens the interval and records when the device may poll again; until then, further polls
/// write nothing.
struct PollPace: TokenRequestFilter {
    /// The number of seconds by which the interval grows.
    private static let step: Int64 = 5

    let requests: DeviceRequests

    private var host: any PluginHost { requests.host }

    func admit(_ request: TokenRequest) async throws {
        guard request.grant == DeviceAuthorization.declaration, let code = request.parameters["device_code"] else {
            return
        }
        let key = requests.key(ofDeviceCode: code)
        // What the grant refuses anyway is not counted.
        guard let found = try await requests.find(key), found.clientID == request.client.id, isCounted(found) else {
            return
        }
        if let next = found.nextPoll, next > host.now { throw slowDown(next - host.now) }
        let now = host.now
        let span = Duration.seconds(found.interval)
        let count = try await host.store.increment(DeviceRequests.counters.key(key.id), expiresAt: now + span)
        guard count > 1 else { return }
        // Of polls that arrive together, one lengthens the interval. If the request has changed, the next poll does.
        if count == 2, !found.isRedeemed { _ = try await host.store.write(found.slowing(by: PollPace.step, at: now)) }
        throw slowDown(.seconds(found.interval + PollPace.step))
    }

    private func isCounted(_ found: StoredRequest) -> Bool {
        found.decision != .denied && (found.isRedeemed || found.usableUntil > host.now)
    }

    private func slowDown(_ wait: Duration) -> OAuthError {
        OAuthError(.slowDown, "the device polls too often: wait \(wait.components.seconds) seconds")
    }
}
