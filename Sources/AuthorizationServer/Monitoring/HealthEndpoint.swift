// SPDX-License-Identifier: Apache-2.0

public import GrantKit
import Logging

/// Serves health and metrics to monitoring.
public struct HealthEndpoint: Sendable {
    private let core: ServerCore

    /// Creates the endpoint.
    public init(_ core: ServerCore) {
        self.core = core
    }

    /// Responds to a request for health or metrics.
    public func respond(to head: RequestHead) async -> ServerResponse {
        guard head.method == "GET" || head.method == "HEAD" else {
            return ServerResponse(status: 405, headers: [("allow", "GET, HEAD")])
        }
        switch head.path {
        case "/health/live": return .text("live\n")
        case "/health/ready": return await ready()
        case "/metrics": return .text(core.metrics.text, type: "text/plain; version=0.0.4; charset=utf-8")
        default: return ServerResponse(status: 404)
        }
    }

    /// Whether the store responds, and events can be recorded if a plugin requires it.
    private func ready() async -> ServerResponse {
        guard core.generation != nil else { return .later("starting\n") }
        do {
            _ = try await core.store.read(Tombstone.key("health"))
            guard !core.recorder.refusesRequests else { return .later("events cannot be recorded\n") }
            return .text("ready\n")
        } catch {
            core.logger.error("not ready", metadata: ["error": "\(error)"])
            return .later("the store cannot be used\n")
        }
    }
}
