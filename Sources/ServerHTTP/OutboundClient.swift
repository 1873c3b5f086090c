// SPDX-License-Identifier: Apache-2.0

import AsyncHTTPClient
import Foundation
import Glibc
public import GrantKit
import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL

/// Asks other servers, within what `OutboundHTTP` promises; nothing of it exists before the first request.
public struct OutboundClient: OutboundHTTP {
    private let networks: OutboundNetworks
    private let limit: Duration
    private let longest: Int
    private let roots: String?

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
            let address = try await resolve(target)
            return try await ask(request, target, at: address)
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
                throw OutboundError("no answer within \(limit.components.seconds) seconds")
            }
            return reply
        }
    }

    // MARK: where to

    /// One address of the name, once all of them are known to be allowed.
    private func resolve(_ target: OutboundTarget) async throws -> String {
        let addresses = try await OutboundResolver.addresses(of: target.host)
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
        let client = HTTPClient(
            eventLoopGroup: .singletonMultiThreadedEventLoopGroup, configuration: configuration(target, address))
        do {
            let reply = try await exchange(request, client)
            try? await client.shutdown()
            return reply
        } catch {
            // Also where this task was cancelled: a client that is let go without it is an error.
            await Task { try? await client.shutdown() }.value
            throw error is OutboundError ? error : OutboundError("\(target.host) did not answer: \(error)")
        }
    }

    private func configuration(_ target: OutboundTarget, _ address: String) -> HTTPClient.Configuration {
        var tls = TLSConfiguration.makeClientConfiguration()
        tls.minimumTLSVersion = .tlsv12
        if let roots { tls.trustRoots = .file(roots) }
        // Later than the limit itself, which says what it is.
        let time = TimeAmount(limit + .seconds(1))
        var configuration = HTTPClient.Configuration(
            tlsConfiguration: tls, redirectConfiguration: .disallow,
            timeout: .init(connect: time, read: time, write: time), decompression: .disabled)
        configuration.httpVersion = .http1Only
        // Whoever asks tries again later; a certificate that is wrong is still wrong a moment after.
        configuration.connectionPool.retryConnectionEstablishment = false
        // The certificate is still that of the name.
        configuration.dnsOverride = [target.host: address]
        return configuration
    }

    private func exchange(_ request: OutboundRequest, _ client: HTTPClient) async throws -> OutboundReply {
        var sent = HTTPClientRequest(url: request.url)
        sent.method = .init(rawValue: request.method)
        for header in request.headers { sent.headers.add(name: header.name, value: header.value) }
        sent.headers.replaceOrAdd(name: "user-agent", value: "grantor")
        if !request.body.isEmpty { sent.body = .bytes(request.body) }
        let reply = try await client.execute(sent, timeout: TimeAmount(limit + .seconds(1)))
        let body: ByteBuffer
        do {
            body = try await reply.body.collect(upTo: longest)
        } catch is NIOTooManyBytesError {
            throw OutboundError("the answer has more than \(longest) bytes")
        }
        return OutboundReply(
            status: Int(reply.status.code), headers: reply.headers.map { ($0.name.lowercased(), $0.value) },
            body: Array(body.readableBytesView))
    }
}

/// An address that may be asked, as far as it can be told without resolving its name.
struct OutboundTarget: Sendable {
    let host: String
    let isSecure: Bool

    init(_ text: String) throws {
        guard text.utf8.count <= 2048, text.utf8.allSatisfy({ 0x21...0x7E ~= $0 }),
            let parts = URLComponents(string: text), let scheme = parts.scheme?.lowercased(),
            scheme == "https" || scheme == "http", let host = parts.host, !host.isEmpty, parts.user == nil,
            parts.password == nil, parts.fragment == nil
        else { throw OutboundError("it is not an https address without user name, password and fragment") }
        self.host = host.hasPrefix("[") ? String(host.dropFirst().dropLast()) : host
        isSecure = scheme == "https"
    }
}

/// Resolves names on threads that wait for nothing else.
enum OutboundResolver {
    static func addresses(of host: String) async throws -> [String] {
        try await NIOThreadPool.singleton.runIfActive { try lookUp(host) }
    }

    private static func lookUp(_ host: String) throws -> [String] {
        var hints = addrinfo()
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        hints.ai_flags = AI_ADDRCONFIG
        var list: UnsafeMutablePointer<addrinfo>?
        let status = getaddrinfo(host, nil, &hints, &list)
        guard status == 0 else {
            throw OutboundError("'\(host)' cannot be resolved: \(String(cString: gai_strerror(status)))")
        }
        defer { freeaddrinfo(list) }
        return sequence(first: list, next: { $0?.pointee.ai_next }).prefix { $0 != nil }.compactMap(text)
    }

    private static func text(_ entry: UnsafeMutablePointer<addrinfo>?) -> String? {
        guard let entry = entry?.pointee else { return nil }
        var name = [CChar](repeating: 0, count: Int(NI_MAXHOST))
        let status = getnameinfo(
            entry.ai_addr, entry.ai_addrlen, &name, socklen_t(name.count), nil, 0, NI_NUMERICHOST)
        guard status == 0 else { return nil }
        return String(decoding: name.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
    }
}
