// SPDX-License-Identifier: Apache-2.0

import AuthorizationServer
import GrantKit
import NIOHTTP1
import OutsideText

/// Has the core respond to requests, whatever the HTTP version.
struct HTTPResponder: Sendable {
    let core: ServerCore
    let service: HTTPService
    let addresses: ClientAddress

    /// The value of `Strict-Transport-Security`, if it is sent (RFC 6797 section 7.1).
    let strictTransport: String?

    /// The reason why a request is refused before its body is read; nil if there is none.
    func refusal(of head: RequestHead, isHTTP10: Bool) -> RequestRefusal? {
        if let refusal = RequestRefusal(head, isHTTP10: isHTTP10, isDevelopment: core.isDevelopment) { return refusal }
        guard let length = head[header: "content-length"].flatMap(HeaderField.number) else { return nil }
        return length > RequestLimit.body ? .bodyTooLarge : nil
    }

    /// Makes the response to a request.
    ///
    /// - Parameters:
    ///   - request: The request, which is incomplete if it is refused.
    ///   - refusal: Why the transport refuses the request; nil if it does not.
    /// - Returns: The response.
    func respond(to request: ServerRequest, refusing refusal: RequestRefusal?) async -> ServerResponse {
        if let refusal {
            let dispatcher = RequestDispatcher(core)
            return await dispatcher.refuse(request.head, status: refusal.status, refusal.description)
        }
        let response = await respond(to: request)
        // Yields so that requests that arrived together are answered and sent together (decision 0014).
        await Task.yield()
        return response
    }

    private func respond(to request: ServerRequest) async -> ServerResponse {
        let head = request.head
        if service.isMonitored(head.path) { return await HealthEndpoint(core).respond(to: head) }
        if service == .monitoring { return ServerResponse(status: 404) }
        // 'OPTIONS *' asks about the server as a whole (RFC 9110 section 9.3.7).
        if head.method == "OPTIONS", head.path == "*" { return ServerResponse(status: 204) }
        return await RequestDispatcher(core).respond(to: request)
    }

    /// The head of a response, with the header fields that every response has.
    ///
    /// - Parameters:
    ///   - response: The response.
    ///   - connection: The value of `Connection`; nil without one.
    /// - Returns: The head.
    func head(of response: ServerResponse, connection: String?) -> HTTPResponseHead {
        var fields: [(String, String)] = []
        fields.reserveCapacity(response.headers.count + 5)
        for header in response.headers where HeaderField.isName(header.name) {
            fields.append((header.name, HeaderField.sendable(header.value)))
        }
        if let connection { fields.append(("connection", connection)) }
        // Neither may have a length, since that of the response to GET is unknown here (RFC 9110 section 8.6).
        if response.status != 204, response.status != 304 {
            fields.append(("Content-Length", String(response.body.count)))
        }
        fields.append(("X-Content-Type-Options", "nosniff"))
        if let strictTransport { fields.append(("Strict-Transport-Security", strictTransport)) }
        fields.append(("Date", DateHeader.text(core.now)))
        return HTTPResponseHead(
            version: .http1_1, status: HTTPResponseStatus(statusCode: response.status),
            headers: HTTPHeaders(fields))
    }
}
