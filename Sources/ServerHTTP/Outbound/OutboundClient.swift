// SPDX-License-Identifier: Apache-2.0

public import GrantKit
import NIOCore
import NIOSSL

/// Asks other servers, within what `OutboundHTTP` promises; nothing of it exists before the first request.
public struct OutboundClient: OutboundHTTP {
    private let networks: OutboundNetworks
    private let limit: Duration
    private let longest: Int
    private let roots: String?
    /// Finds the addresses of names.
    var resolver = OutboundResolver.shared

    /// Makes a client.
    ///
    /// - Parameters:
    ///   - networks: Which addresses may be asked.
    ///   - limit: How long a request may take in all.
    ///   - longest: The longest body that is read, in bytes.
    ///   - roots: A file of certificates to trust instead of the machine's own.
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
        return try await limited {
            try await ask(request, target, at: try await resolve(target))
        }
    }

    /// Ends with what comes first: the answer, or the end of the time; whatever is under way is cancelled.
    private func limited(_ body: @escaping @Sendable () async throws -> OutboundReply) async throws -> OutboundReply {
        try await withThrowingTaskGroup(of: OutboundReply?.self) { group in
            group.addTask { try await body() }
            group.addTask { [limit] in
                try await Task.sleep(for: limit)
                return nil
            }
            defer { group.cancelAll() }
            guard let first = try await group.next(), let reply = first else {
                throw late
            }
            return reply
        }
    }

    private var late: OutboundError { OutboundError("no answer within \(limit.components.seconds) seconds") }

    // MARK: where to

    /// One address of the name, once all of them are known to be allowed.
    private func resolve(_ target: OutboundTarget) async throws -> String {
        let addresses = try await resolver.addresses(of: target.host)
        guard let first = addresses.first else { throw OutboundError("'\(target.host)' has no address") }
        for address in addresses where !networks.allows(address) {
            throw OutboundError("'\(target.host)' is at \(address), which is not an address of the public internet")
        }
        guard target.isSecure || addresses.allSatisfy(networks.isLoopback) else {
            throw OutboundError("'\(target.host)' must be asked by https")
        }
        return first
    }

    // MARK: asking

    private func ask(
        _ request: OutboundRequest, _ target: OutboundTarget, at address: String
    ) async throws -> OutboundReply {
        do {
            let connection = try OutboundConnection(target, address, limit, tls: target.isSecure ? tls() : nil)
            return try await connection.exchange(request, longest: longest)
        } catch let error as OutboundError {
            throw error
        } catch ChannelError.connectTimeout {
            throw late
        } catch {
            throw OutboundError("\(target.host) did not answer: \(error)")
        }
    }

    private func tls() throws -> NIOSSLContext {
        var tls = TLSConfiguration.makeClientConfiguration()
        tls.minimumTLSVersion = .tlsv12
        if let roots { tls.trustRoots = .file(roots) }
        return try NIOSSLContext(configuration: tls)
    }
}
