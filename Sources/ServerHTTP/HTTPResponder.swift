// SPDX-License-Identifier: Apache-2.0

import AuthorizationServer
import GrantKit
import HTTPTypes
import HummingbirdCore
import NIOCore
import Synchronization

/// Carries requests from the HTTP library to the core and answers back.
struct HTTPResponder: Sendable {
    let core: ServerCore
    let service: HTTPService
    let addresses: ClientAddress

    /// Ends a connection after its answer.
    private struct Closing: Error {}

    func respond(to request: Request, _ writer: consuming ResponseWriter, _ channel: any Channel) async throws {
        // A stream of HTTP/2 has a connection above it, which has the listener above it.
        let isStream = channel.parent?.parent != nil
        let head = requestHead(request, channel)
        let body: [UInt8]
        do {
            body = try await self.body(of: request, head, writer)
        } catch let refusal as BodyRefusal {
            var response = OutboundResponse(refusal)
            if !isStream { response.headers.append(("connection", "close")) }
            try await send(response, to: request, writer)
            throw Closing()
        }
        // What arrived together is read together, answered together and sent together (decision 0014).
        await Task.yield()
        let answer =
            if service.isMonitored(head.path) {
                await core.monitor(head)
            } else if service == .monitoring {
                OutboundResponse(status: 404)
            } else {
                await core.respond(to: InboundRequest(head: head, body: body))
            }
        await Task.yield()
        try await send(answer, to: request, writer)
        if !isStream, asksToClose(head) { throw Closing() }
    }

    /// The library itself knows the word in lower case alone.
    private func asksToClose(_ head: RequestHead) -> Bool {
        guard let value = head[header: "connection"] else { return false }
        return value.lowercased().split(separator: ",").contains { $0.drop { $0 == " " }.prefix(5) == "close" }
    }

    // MARK: in

    private func requestHead(_ request: Request, _ channel: any Channel) -> RequestHead {
        let target = request.head.path ?? "/"
        let mark = target.utf8.firstIndex(of: UInt8(ascii: "?"))
        let headers = request.headers.map { (name: $0.name.canonicalName, value: $0.value) }
        return RequestHead(
            method: request.method.rawValue, path: mark.map { String(target[..<$0]) } ?? target,
            query: mark.map { String(target[target.index(after: $0)...]) }, headers: headers,
            address: addresses.find(connection: channel.remoteAddress?.ipAddress ?? "", headers), id: RequestID.next())
    }

    private func body(
        of request: Request, _ head: RequestHead, _ writer: borrowing ResponseWriter
    ) async throws -> [UInt8] {
        if request.head.authority?.isEmpty ?? true { throw BodyRefusal.noHost }
        if let length = head[header: "content-length"].flatMap({ Int($0) }), length > Limit.body {
            throw BodyRefusal.tooLarge
        }
        if head[header: "expect"]?.lowercased() == "100-continue" {
            // RFC 9110 section 10.1.1: such a client waits for this before it sends the body.
            try await writer.writeInformationalHead(HTTPResponse(status: .continue))
        }
        do {
            return try await Array(request.body.collect(upTo: Limit.body).readableBytesView)
        } catch is NIOTooManyBytesError {
            throw BodyRefusal.tooLarge
        } catch is BodyTimeoutError {
            throw BodyRefusal.tooSlow
        }
    }

    // MARK: out

    /// The names that nearly every answer has, made once.
    private static let names = Dictionary(
        uniqueKeysWithValues: ["content-type", "cache-control", "pragma", "vary"].map { ($0, HTTPField.Name($0)) })

    private func send(
        _ response: OutboundResponse, to request: Request, _ writer: consuming ResponseWriter
    ) async throws {
        var fields = HTTPFields()
        fields.reserveCapacity(response.headers.count + 3)
        for header in response.headers {
            guard let name = HTTPResponder.names[header.name] ?? HTTPField.Name(header.name) else { continue }
            fields.append(HTTPField(name: name, value: header.value))
        }
        fields.append(HTTPField(name: .contentLength, value: String(response.body.count)))
        fields.append(HTTPField(name: .xContentTypeOptions, value: "nosniff"))
        fields.append(HTTPField(name: .date, value: DateHeader.text(core.now)))
        let head = HTTPResponse(status: .init(code: response.status), headerFields: fields)
        guard request.method != .head, !response.body.isEmpty else { return try await writer.writeResponse(head) }
        try await writer.write(response: head, body: .init(byteBuffer: ByteBuffer(bytes: response.body)))
    }
}

/// Why a request was not read to its end.
enum BodyRefusal: Error {
    case noHost
    case tooLarge
    case tooSlow
}

extension OutboundResponse {
    init(_ refusal: BodyRefusal) {
        let description =
            switch refusal {
            case .noHost: "the request names no host"
            case .tooLarge: "the body is larger than \(Limit.body) bytes"
            case .tooSlow: "the body did not arrive in time"
            }
        let body: JSON = ["error": "invalid_request", "error_description": .string(description)]
        let status =
            switch refusal {
            case .noHost: 400
            case .tooLarge: 413
            case .tooSlow: 408
            }
        self.init(
            status: status,
            headers: [("content-type", "application/json"), ("cache-control", "no-store")], body: body.bytes)
    }
}

/// Numbers requests, so that their log lines can be found.
enum RequestID {
    private static let start = String(UInt32.random(in: .min ... .max), radix: 36)
    private static let counter = Atomic<UInt64>(0)

    static func next() -> String {
        "\(start)-\(String(counter.add(1, ordering: .relaxed).newValue, radix: 36))"
    }
}
