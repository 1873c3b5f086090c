// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// Answers HEAD as GET would be answered, without letting anything happen (RFC 9110 section 9.3.2).
enum HeadRequest {
    /// Whether the current request asks for headers alone: nothing may be written, sent or reported for it.
    static var isCurrent: Bool { mark?.holds ?? false }
    @TaskLocal private static var mark: RequestMark?

    /// Answers as GET, and leaves no trace in the browser either.
    ///
    /// - Parameters:
    ///   - request: The request.
    ///   - respond: Answers it as GET.
    /// - Returns: The answer to GET without cookies; the transport drops the body.
    /// - Throws: What the answer to GET throws.
    static func respond(
        to request: ServerRequest, as respond: (ServerRequest) async throws -> ServerResponse
    ) async throws -> ServerResponse {
        var request = request
        request.head.method = "GET"
        let mark = RequestMark()
        defer { mark.end() }
        var response = try await $mark.withValue(mark) { [request] in try await respond(request) }
        response.headers.removeAll { $0.name == "set-cookie" }
        return response
    }
}
