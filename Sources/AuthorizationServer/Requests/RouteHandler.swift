// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// One kind of what is served at an address.
///
/// A new kind is a type that conforms, and a line in `RouteTable`.
protocol RouteHandler: Sendable {
    /// What the log and the metrics call it.
    var name: String { get }
    /// The methods that it takes; HEAD is answered wherever GET is.
    var methods: Set<String> { get }
    /// Who asks.
    var audience: RouteAudience { get }

    /// Answers a request whose method it takes.
    ///
    /// - Parameters:
    ///   - request: The request.
    ///   - core: The server.
    ///   - generation: What the request is served by.
    ///   - trace: What the log and the metrics learn of the request.
    /// - Returns: The answer.
    /// - Throws: Any error; the dispatcher turns it into an answer.
    func serve(
        _ request: ServerRequest, _ core: ServerCore, _ generation: Generation, _ trace: inout RequestTrace
    ) async throws -> ServerResponse
}

extension RouteHandler {
    /// The methods that it answers, in alphabetical order.
    var allowedMethods: [String] {
        (methods.contains("GET") ? methods.union(["HEAD"]) : methods).sorted()
    }
}
