// SPDX-License-Identifier: Apache-2.0

public import GrantKit
import Logging

/// Dispatches requests to their handlers, and turns errors into the responses that the specifications require.
public struct RequestDispatcher: Sendable {
    private let core: ServerCore

    /// Creates a dispatcher.
    public init(_ core: ServerCore) {
        self.core = core
    }

    /// Responds to a request.
    public func respond(to request: ServerRequest) async -> ServerResponse {
        await RequestID.$current.withValue(request.head.id) { await respond(request) }
    }

    private func respond(_ request: ServerRequest) async -> ServerResponse {
        guard core.recorder.isWanted else { return await dispatch(request, nil) }
        let context = RequestContext(request.head)
        return await RequestContext.$current.withValue(context) { await dispatch(request, context) }
    }

    /// Responds to a request that could not be read completely.
    ///
    /// - Parameters:
    ///   - head: The head of the request.
    ///   - status: The HTTP status.
    ///   - description: What is wrong.
    /// - Returns: The response, which scripts may read by the rule for its path.
    public func refuse(_ head: RequestHead, status: Int, _ description: String) async -> ServerResponse {
        var response = Refusal.response(OAuthError(.invalidRequest, description))
        response.status = status
        guard let generation = core.generation, let handler = generation.routes[path: head.path] else {
            return response
        }
        let origin = try? await CrossOrigin.allowed(handler.audience, head, nil, core, generation)
        CrossOrigin.apply(origin, handler.audience, to: &response)
        return response
    }

    private func dispatch(_ request: ServerRequest, _ context: RequestContext?) async -> ServerResponse {
        let start = ContinuousClock.now
        guard let generation = core.generation else { return .later("starting\n") }
        guard let handler = generation.routes[path: request.head.path] else {
            return notFound(request.head, generation)
        }
        var trace = RequestTrace(endpoint: handler.name, context: context)
        var (response, outcome) = await answer(request, handler, generation, &trace)
        let origin = try? await CrossOrigin.allowed(handler.audience, request.head, trace.client, core, generation)
        CrossOrigin.apply(origin, handler.audience, to: &response)
        core.metrics.count(
            endpoint: trace.endpoint, grant: trace.grant, outcome: outcome, duration: ContinuousClock.now - start)
        if core.logger.logLevel <= .debug { log(request.head, response, trace) }
        return response
    }

    // A frame of an asynchronous function has room for all that it calls inline, and is allocated for each request. So
    // what is rare in these functions is in functions that are not inlined.

    @inline(never)
    private func notFound(_ head: RequestHead, _ generation: Generation) -> ServerResponse {
        let pages = PageResponder(core: core, generation: generation)
        if let asset = pages.asset(head) { return asset }
        core.logger.debug("not found", metadata: ["request": "\(head.id)"])
        return pages.notFound(head) ?? .json(["error": "not_found"], status: 404)
    }

    private func answer(
        _ request: ServerRequest, _ handler: any RouteHandler, _ generation: Generation, _ trace: inout RequestTrace
    ) async -> (ServerResponse, outcome: String) {
        do {
            let response = try await admit(request, handler, generation, &trace)
            return (response, response.status == 405 ? "method_not_allowed" : "ok")
        } catch {
            return failed(error, request, handler.audience, generation, &trace)
        }
    }

    @inline(never)
    private func failed(
        _ error: any Error, _ request: ServerRequest, _ audience: RouteAudience, _ generation: Generation,
        _ trace: inout RequestTrace
    ) -> (ServerResponse, outcome: String) {
        trace.named = NamedInRequest(request, trace.parameters)
        let failure = RequestFailure(error, of: request.head, trace, core)
        failure.record()
        return (failure.answer(to: audience, generation), failure.refusal.code.rawValue)
    }

    /// Checks headers and method, then serves the request.
    private func admit(
        _ request: ServerRequest, _ handler: any RouteHandler, _ generation: Generation, _ trace: inout RequestTrace
    ) async throws -> ServerResponse {
        try SingleHeaders.check(request.head)
        if request.head.method == "OPTIONS", let preflight = try await preflight(request.head, handler, generation) {
            return preflight
        }
        if handler.audience != .everybody, core.recorder.refusesRequests { throw EventRecorder.unrecorded }
        if handler.methods.contains(request.head.method) {
            return try await handler.serve(request, core, generation, &trace)
        }
        guard request.head.method == "HEAD", handler.methods.contains("GET") else { return refuse(handler) }
        return try await head(request, handler, generation, &trace)
    }

    @inline(never)
    private func head(
        _ request: ServerRequest, _ handler: any RouteHandler, _ generation: Generation, _ trace: inout RequestTrace
    ) async throws -> ServerResponse {
        try await HeadRequest.respond(to: request) { request in
            try await handler.serve(request, core, generation, &trace)
        }
    }

    @inline(never)
    private func refuse(_ handler: any RouteHandler) -> ServerResponse {
        let methods = handler.allowedMethods.joined(separator: ", ")
        var response = ServerResponse.json(
            ["error": "invalid_request", "error_description": .string("this URL accepts \(methods)")], status: 405)
        response.headers.append(("allow", methods))
        return response
    }

    // MARK: scripts of other origins

    @inline(never)
    private func preflight(
        _ head: RequestHead, _ handler: any RouteHandler, _ generation: Generation
    ) async throws -> ServerResponse? {
        guard !handler.methods.contains("OPTIONS"), CrossOrigin.preflight(head) != nil else { return nil }
        let origin = try await CrossOrigin.allowed(handler.audience, head, nil, core, generation)
        return origin.map { CrossOrigin.permission(for: $0, handler.allowedMethods) }
    }

    @inline(never)
    private func log(_ head: RequestHead, _ response: ServerResponse, _ trace: RequestTrace) {
        core.logger.debug(
            "request",
            metadata: [
                "request": "\(head.id)", "endpoint": "\(trace.endpoint)", "status": "\(response.status)",
                "client": "\(trace.client?.client.id ?? "-")", "address": "\(head.address)",
            ])
    }
}
