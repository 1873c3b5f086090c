// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// Responds to HEAD like GET, but without any effect (RFC 9110 section 9.3.2).
enum HeadRequest {
    /// Whether the current request is a HEAD request, for which nothing may be written, sent or recorded.
    static var isCurrent: Bool { mark?.holds ?? false }
    @TaskLocal private static var mark: RequestMark?

    /// Responds like GET, without setting cookies.
    ///
    /// - Parameters:
    ///   - request: The request.
    ///   - respond: Responds to the request as GET.
    /// - Returns: The response to GET without cookies; the transport drops the body.
    /// - Throws: The errors of `respond`.
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
