// SPDX-License-Identifier: Apache-2.0

import GrantKit
import Logging

/// What the log and the metrics learn of a request while it is served.
struct RequestTrace {
    var endpoint = "unknown"
    var grant = ""
    var client: RegisteredClient?
}

extension ServerCore {
    /// Answers a request; whatever goes wrong becomes the error that its specification asks for.
    public func respond(to request: InboundRequest) async -> OutboundResponse {
        let start = ContinuousClock.now
        guard let generation else { return .text("starting\n", status: 503) }
        guard let target = generation.routes[request.head.path] else {
            return .json(["error": "not_found"], status: 404)
        }
        var trace = RequestTrace()
        var response: OutboundResponse
        var outcome = "ok"
        do {
            response = try await respond(to: request, target, generation, &trace)
            if response.status == 405 { outcome = "method_not_allowed" }
        } catch {
            let refusal = refusal(error, request.head, trace)
            outcome = refusal.code.rawValue
            response = Refusal.response(refusal)
        }
        CrossOrigin.apply(to: &response, request.head, trace.client, generation)
        let duration = ContinuousClock.now - start
        metrics.count(endpoint: trace.endpoint, grant: trace.grant, outcome: outcome, duration: duration)
        logger.debug(
            "request",
            metadata: [
                "request": "\(request.head.id)", "endpoint": "\(trace.endpoint)", "status": "\(response.status)",
                "client": "\(trace.client?.client.id ?? "-")", "address": "\(request.head.address)",
            ])
        return response
    }

    private func respond(
        to request: InboundRequest, _ target: Generation.RouteTarget, _ generation: Generation,
        _ trace: inout RequestTrace
    ) async throws -> OutboundResponse {
        switch target {
        case .token:
            trace.endpoint = "token"
            if let other = Method.refuse(request.head, ["POST"], generation) { return other }
            return try await TokenEndpoint(core: self, generation: generation).respond(to: request, &trace)
        case .endpoint(let plan):
            trace.endpoint = plan.name
            if let other = Method.refuse(request.head, plan.methods, generation) { return other }
            return try await respond(to: request, plan, generation, &trace)
        case .metadata:
            trace.endpoint = "metadata"
            if let other = Method.refuse(request.head, ["GET", "HEAD"], generation) { return other }
            return generation.metadata.response(to: request.head)
        case .keys:
            trace.endpoint = "jwks"
            if let other = Method.refuse(request.head, ["GET", "HEAD"], generation) { return other }
            return opened?.publicKeys.response(to: request.head) ?? .text("starting\n", status: 503)
        }
    }

    private func respond(
        to request: InboundRequest, _ plan: Generation.EndpointPlan, _ generation: Generation,
        _ trace: inout RequestTrace
    ) async throws -> OutboundResponse {
        let parameters = try plan.acceptance.accept(try RequestBody.parameters(of: request))
        let authentication = ClientAuthentication(self, generation)
        let registered = try await authentication.authenticate(request.head, parameters, as: plan.caller)
        trace.client = registered
        let response = try await plan.endpoint.respond(
            to: EndpointRequest(head: request.head, parameters: parameters, client: registered.client))
        if !response.writes.isEmpty, case .conflict = try await store.write(response.writes) {
            throw OAuthError(.temporarilyUnavailable, "another request was faster", reason: "conflict in a commit")
        }
        return .json(response.body, status: response.status)
    }

    /// Logs what went wrong, and gives what the client may know of it.
    private func refusal(_ error: any Error, _ head: RequestHead, _ trace: RequestTrace) -> OAuthError {
        var metadata: Logger.Metadata = [
            "request": "\(head.id)", "endpoint": "\(trace.endpoint)", "address": "\(head.address)",
        ]
        metadata["client"] = trace.client.map { "\($0.client.id)" }
        guard let refusal = error as? OAuthError else {
            metadata["error"] = "\(error)"
            logger.error("failed", metadata: metadata)
            let code: OAuthError.Code = error is StoreError ? .temporarilyUnavailable : .serverError
            return OAuthError(code, "the request failed; the server's log tells more under \(head.id)")
        }
        metadata["error"] = "\(refusal.code.rawValue)"
        metadata["reason"] = "\(refusal.reason ?? refusal.description)"
        logger.info("refused", metadata: metadata)
        return refusal
    }
}

/// Turns refusals into responses (RFC 6749 section 5.2).
enum Refusal {
    static func response(_ error: OAuthError) -> OutboundResponse {
        var body: JSON = ["error": .string(error.code.rawValue)]
        if !error.description.isEmpty { body["error_description"] = .string(error.description) }
        var response = OutboundResponse.json(body, status: status(of: error.code))
        for (name, value) in error.headers.sorted(by: { $0.key < $1.key }) {
            response.headers.append((name.lowercased(), value))
        }
        if error.code == .temporarilyUnavailable { response.headers.append(("retry-after", "1")) }
        return response
    }

    private static func status(of code: OAuthError.Code) -> Int {
        switch code {
        case .invalidClient: 401
        case .serverError: 500
        case .temporarilyUnavailable: 503
        default: 400
        }
    }
}

/// Refuses methods, and answers the preflight of a browser.
enum Method {
    static func refuse(_ head: RequestHead, _ allowed: Set<String>, _ generation: Generation) -> OutboundResponse? {
        if allowed.contains(head.method) { return nil }
        if head.method == "OPTIONS", let preflight = CrossOrigin.preflight(head, allowed, generation) {
            return preflight
        }
        var response = OutboundResponse.json(["error": "invalid_request"], status: 405)
        response.headers.append(("allow", allowed.sorted().joined(separator: ", ")))
        return response
    }
}
