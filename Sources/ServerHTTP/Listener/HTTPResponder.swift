// SPDX-License-Identifier: Apache-2.0

import AuthorizationServer
import GrantKit
import HTTPTypes
import HummingbirdCore
import NIOCore
import NIOHTTP1
import OutsideText
import Synchronization

/// Passes requests from the HTTP library to the core, and responses back.
struct HTTPResponder: Sendable {
    let core: ServerCore
    let service: HTTPService
    let addresses: ClientAddress

    /// The value of `Strict-Transport-Security`, if it is sent (RFC 6797 section 7.1).
    let strictTransport: String?

    /// Thrown to close a connection after its response.
    private struct Closing: Error {}

    func respond(to request: Request, _ writer: consuming ResponseWriter, _ channel: any Channel) async throws {
        // The parent of an HTTP/2 stream is its connection, whose parent is the listener.
        let isStream = channel.parent?.parent != nil
        let head = requestHead(request, channel)
        let body: [UInt8]
        do {
            let refusal = RequestRefusal(
                request.head, head, isStream: isStream, isDevelopment: core.isDevelopment)
            if let refusal { throw refusal }
            body = try await self.body(of: request, head, writer)
        } catch let refusal as RequestRefusal {
            var response = await RequestDispatcher(core).refuse(head, status: refusal.status, refusal.description)
            if !isStream { response.headers.append(("connection", "close")) }
            try await send(response, to: request, writer)
            // Closing with unread bytes would reset the connection before the client reads the response. The library
            // waits a while instead.
            if refusal.leavesBytes { return }
            throw Closing()
        }
        // Yields so that requests that arrived together are read, answered and sent together (decision 0014).
        await Task.yield()
        var answer =
            if service.isMonitored(head.path) {
                await HealthEndpoint(core).respond(to: head)
            } else if service == .monitoring {
                ServerResponse(status: 404)
            } else if request.method == .options, head.path == "*" {
                // 'OPTIONS *' asks about the server as a whole (RFC 9110 section 9.3.7).
                ServerResponse(status: 204)
            } else {
                await RequestDispatcher(core).respond(to: ServerRequest(head: head, body: body))
            }
        let persistence = isStream ? nil : Persistence(head)
        if let persistence { answer.headers.append(("connection", persistence.rawValue)) }
        await Task.yield()
        try await send(answer, to: request, writer)
        if persistence == .close { throw Closing() }
    }

    // MARK: requests

    private func requestHead(_ request: Request, _ channel: any Channel) -> RequestHead {
        let target = request.head.path ?? "/"
        let parts = target.raw.cut(at: "?")
        let headers = request.headers.map { (name: $0.name.canonicalName, value: $0.value) }
        return RequestHead(
            method: request.method.rawValue, path: parts?.before.string ?? target, query: parts?.behind.string,
            headers: headers,
            address: addresses.find(connection: channel.remoteAddress?.ipAddress ?? "", headers), id: RequestID.next())
    }

    private func body(
        of request: Request, _ head: RequestHead, _ writer: borrowing ResponseWriter
    ) async throws -> [UInt8] {
        if let length = head[header: "content-length"].flatMap({ Int($0) }), length > RequestLimit.body {
            throw RequestRefusal.bodyTooLarge
        }
        if head[header: "expect"]?.raw.isWord("100-continue") == true {
            // The client waits for this response before it sends the body (RFC 9110 section 10.1.1).
            try await writer.writeInformationalHead(HTTPResponse(status: .continue))
        }
        do {
            return try await bytes(of: request.body)
        } catch is BodyTimeoutError {
            throw RequestRefusal.bodyTooSlow
        } catch let error as HTTPParserError {
            throw RequestRefusal.unreadable(error.reason)
        }
    }

    /// Reads a body part by part; the library's own function calls more asynchronous functions for each part.
    private func bytes(of body: RequestBody) async throws -> [UInt8] {
        var bytes: [UInt8] = []
        var parts = body.makeAsyncIterator()
        while let part = try await parts.next() {
            guard part.readableBytes <= RequestLimit.body - bytes.count else { throw RequestRefusal.bodyTooLarge }
            bytes += part.readableBytesView
        }
        return bytes
    }

    // MARK: responses

    /// The names of header fields that nearly every response has, created once.
    private static let names = ["content-type", "cache-control", "pragma", "vary"]
        .reduce(into: [String: HTTPField.Name]()) { $0[$1] = HTTPField.Name($1) }

    private func send(
        _ response: ServerResponse, to request: Request, _ writer: consuming ResponseWriter
    ) async throws {
        var fields = HTTPFields()
        fields.reserveCapacity(response.headers.count + 4)
        for header in response.headers {
            guard let name = HTTPResponder.names[header.name] ?? HTTPField.Name(header.name) else { continue }
            fields.append(HTTPField(name: name, value: header.value))
        }
        // Neither may have a length, since that of the response to GET is unknown here (RFC 9110 section 8.6).
        if response.status != 204, response.status != 304 {
            fields.append(HTTPField(name: .contentLength, value: String(response.body.count)))
        }
        fields.append(HTTPField(name: .xContentTypeOptions, value: "nosniff"))
        if let strictTransport {
            fields.append(HTTPField(name: .strictTransportSecurity, value: strictTransport))
        }
        fields.append(HTTPField(name: .date, value: DateHeader.text(core.now)))
        let head = HTTPResponse(status: .init(code: response.status), headerFields: fields)
        guard request.method != .head, !response.body.isEmpty else { return try await writer.writeResponse(head) }
        try await writer.write(response: head, body: .init(byteBuffer: ByteBuffer(bytes: response.body)))
    }
}

/// The fate of a connection after its response, if the request decides it (RFC 9112 section 9.3).
enum Persistence: String {
    case close
    /// The connection stays open, which an HTTP/1.0 client has to be told.
    case keep = "keep-alive"

    init?(_ head: RequestHead) {
        var all: [Persistence] = []
        for header in head.headers where header.name == "connection" {
            for option in header.value.utf8.split(separator: UInt8(ascii: ",")) {
                let letters = option.lazy.filter { $0 != 0x20 && $0 != 0x09 }.map(ASCII.lowercase)
                if let word = Persistence(rawValue: String(decoding: letters, as: UTF8.self)) { all.append(word) }
            }
        }
        guard let first = all.first else { return nil }
        self = all.contains(.close) ? .close : first
    }
}

/// Generates the ids of requests, by which their log lines can be found.
enum RequestID {
    private static let start = String(UInt32.random(in: .min ... .max), radix: 36)
    private static let counter = Atomic<UInt64>(0)

    static func next() -> String {
        "\(start)-\(String(counter.add(1, ordering: .relaxed).newValue, radix: 36))"
    }
}
