// SPDX-License-Identifier: Apache-2.0

public import GrantKit
import NIOCore
import NIOSSL

/// Sends requests to other servers, with the guarantees of `OutboundHTTP`; nothing is set up before the first request.
public struct OutboundClient: OutboundHTTP {
    private let networks: OutboundNetworks
    private let limit: Duration
    private let longest: Int
    private let roots: String?
    /// Resolves host names.
    var resolver = OutboundResolver.shared

    /// Creates a client.
    ///
    /// - Parameters:
    ///   - networks: The networks to which requests may be sent.
    ///   - limit: How long a request may take in total.
    ///   - longest: The maximum length of a response body in bytes.
    ///   - roots: A file with certificates to trust instead of the machine's own.
    public init(
        _ networks: OutboundNetworks, limit: Duration = .seconds(10), longest: Int = 64 * 1024, roots: String? = nil
    ) {
        self.networks = networks
        self.limit = limit
        self.longest = longest
        self.roots = roots
    }

    /// Sends a request.
    public func send(_ request: OutboundRequest) async throws -> OutboundReply {
        let target = try OutboundTarget(request.url)
        let limit = max(.zero, min(request.limit ?? limit, limit))
        return try await within(limit) {
            try await ask(request, target, at: try await resolve(target), limit)
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

    // MARK: addresses

    /// One address of the target's host, if all of its addresses are allowed.
    private func resolve(_ target: OutboundTarget) async throws -> String {
        let addresses = try await resolver.addresses(of: target.host)
        guard let first = addresses.first else { throw OutboundError("'\(target.host)' has no address") }
        for address in addresses where !networks.allows(address) {
            throw OutboundError("'\(target.host)' has the address \(address), which is not on the public internet")
        }
        guard target.isSecure || addresses.allSatisfy(networks.isLoopback) else {
            throw OutboundError("requests to '\(target.host)' must use https")
        }
        return first
    }

    // MARK: exchange

    private func ask(
        _ request: OutboundRequest, _ target: OutboundTarget, at address: String, _ limit: Duration
    ) async throws -> OutboundReply {
        do {
            let connection = try OutboundConnection(target, address, limit, tls: target.isSecure ? tls() : nil)
            return try await connection.exchange(request, longest: longest)
        } catch let error as OutboundError {
            throw error
        } catch ChannelError.connectTimeout {
            throw late(limit)
        } catch {
            throw OutboundError("\(target.host) did not respond: \(error)")
        }
    }

    private func tls() throws -> NIOSSLContext {
        var tls = TLSConfiguration.makeClientConfiguration()
        tls.minimumTLSVersion = .tlsv12
        if let roots { tls.trustRoots = .file(roots) }
        return try NIOSSLContext(configuration: tls)
    }
}
