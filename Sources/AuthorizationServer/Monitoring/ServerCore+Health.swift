// SPDX-License-Identifier: Apache-2.0

public import GrantKit
import Logging

extension ServerCore {
    /// Answers a request for health or metrics.
    public func monitor(_ head: RequestHead) async -> ServerResponse {
        guard head.method == "GET" || head.method == "HEAD" else {
            return ServerResponse(status: 405, headers: [("allow", "GET, HEAD")])
        }
        switch head.path {
        case "/health/live": return .text("live\n")
        case "/health/ready": return await ready()
        case "/metrics": return .text(metrics.text, type: "text/plain; version=0.0.4; charset=utf-8")
        default: return ServerResponse(status: 404)
        }
    }

    /// Ready means that the store answers, and that events can be written down where a plugin requires it.
    private func ready() async -> ServerResponse {
        guard generation != nil else { return .text("starting\n", status: 503) }
        do {
            _ = try await store.read(Tombstone.key("health"))
            guard !recorder.refusesRequests else { return .text("events cannot be written down\n", status: 503) }
            return .text("ready\n")
        } catch {
            logger.error("not ready", metadata: ["error": "\(error)"])
            return .text("the store does not answer\n", status: 503)
        }
    }
}
