// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// Serves one kind of route.
///
/// For a new kind, add a type that conforms and a line in `RouteTable`.
protocol RouteHandler: Sendable {
    /// The name in the log and the metrics.
    var name: String { get }
    /// The accepted methods; HEAD is accepted too wherever GET is.
    var methods: Set<String> { get }
    /// The users of the route.
    var audience: RouteAudience { get }

    /// Responds to a request with one of these methods.
    ///
    /// - Parameters:
    ///   - request: The request.
    ///   - core: The server.
    ///   - generation: The generation that serves the request.
    ///   - trace: What the log and the metrics record about the request.
    /// - Returns: The response.
    /// - Throws: Any error; the dispatcher turns it into a response.
    func serve(
        _ request: ServerRequest, _ core: ServerCore, _ generation: Generation, _ trace: inout RequestTrace
    ) async throws -> ServerResponse
}

extension RouteHandler {
    /// The accepted methods including HEAD, in alphabetical order.
    var allowedMethods: [String] {
        (methods.contains("GET") ? methods.union(["HEAD"]) : methods).sorted()
    }
}
