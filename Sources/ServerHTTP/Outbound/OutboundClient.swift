// SPDX-License-Identifier: Apache-2.0

public import GrantKit
import NIOCore
import Synchronization

/// Sends requests to other servers, with the guarantees of `OutboundHTTP`; nothing is set up before the first request.
public final class OutboundClient: OutboundHTTP {
    private let settings: Mutex<OutboundSettings>
    private let limit: Duration
    private let longest: Int
    private let resolver: OutboundResolver

    /// Creates a client.
    ///
    /// - Parameters:
    ///   - settings: What the operator says about requests.
    ///   - limit: How long a request may take in total.
    ///   - longest: The maximum length of a response body in bytes.
    public convenience init(
        _ settings: OutboundSettings, limit: Duration = .seconds(10), longest: Int = 64 * 1024
    ) {
        self.init(settings, limit: limit, longest: longest, resolver: .shared)
    }

    /// Creates a client with its own resolver of host names.
    init(_ settings: OutboundSettings, limit: Duration, longest: Int = 64 * 1024, resolver: OutboundResolver) {
        self.settings = Mutex(settings)
        self.limit = limit
        self.longest = longest
        self.resolver = resolver
    }

    /// Changes the settings for requests that begin later.
    ///
    /// - Returns: The former settings.
    @discardableResult
    public func change(to settings: OutboundSettings) -> OutboundSettings {
        self.settings.withLock { current in
            defer { current = settings }
            return current
        }
    }

    /// Sends a request.
    public func send(_ request: OutboundRequest) async throws -> OutboundReply {
        let target = try OutboundTarget(request.url)
        let limit = max(.zero, min(request.limit ?? limit, limit))
        let settings = settings.withLock { $0 }
        return try await within(limit) { [self] in
            let route = try await OutboundRoute.find(to: target, settings, resolver)
            return try await ask(request, target, route, limit, settings)
        }
    }

    /// Runs a body within a time limit, and cancels it when the time is up.
    private func within(
        _ limit: Duration, _ body: @escaping @Sendable () async throws -> OutboundReply
    ) async throws -> OutboundReply {
        try await withThrowingTaskGroup(of: OutboundReply?.self) { group in
            group.addTask { try await body() }
            group.addTask {
                try await Task.sleep(for: limit)
                return nil
            }
            defer { group.cancelAll() }
            guard let first = try await group.next(), let reply = first else {
                throw late(limit)
            }
            return reply
        }
    }

    private func late(_ limit: Duration) -> OutboundError {
        OutboundError("no response within \(limit.components.seconds) seconds")
    }

    // MARK: exchange

    private func ask(
        _ request: OutboundRequest, _ target: OutboundTarget, _ route: OutboundRoute, _ limit: Duration,
        _ settings: OutboundSettings
    ) async throws -> OutboundReply {
        do {
            let tls = target.isSecure ? try OutboundTLS(target.host, settings.authorities) : nil
            let connection = OutboundConnection(target, route, limit, tls: tls)
            return try await connection.exchange(request, longest: longest)
        } catch let error as OutboundError {
            throw error
        } catch ChannelError.connectTimeout {
            throw late(limit)
        } catch {
            throw OutboundError("\(target.host) did not respond: \(error)")
        }
    }
}
