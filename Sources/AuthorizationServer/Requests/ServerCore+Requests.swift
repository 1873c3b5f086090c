// SPDX-License-Identifier: Apache-2.0

import GrantKit
import Logging
import OutsideText

extension ServerCore {
    /// Answers a request; whatever goes wrong becomes the error that its specification asks for.
    public func respond(to request: ServerRequest) async -> ServerResponse {
        guard recorder.isWanted else { return await answer(request, nil) }
        let context = RequestContext(request.head)
        return await RequestContext.$current.withValue(context) { await answer(request, context) }
    }

    private func answer(_ request: ServerRequest, _ context: RequestContext?) async -> ServerResponse {
        let start = ContinuousClock.now
        guard let generation else { return .text("starting\n", status: 503) }
        guard let target = generation.target(request.head.path) else {
            if let asset = asset(request.head, generation) { return asset }
            return .json(["error": "not_found"], status: 404)
        }
        var trace = RequestTrace(context: context)
        var response: ServerResponse
        var outcome = "ok"
        do {
            response = try await checked(request, target, generation, &trace)
            if response.status == 405 { outcome = "method_not_allowed" }
        } catch {
            trace.named = NamedInRequest(request, trace.parameters)
            let refusal = refusal(error, request.head, trace)
            outcome = refusal.code.rawValue
            response =
                target.isForPeople
                ? page(error, refusal, request.head, generation) : Refusal.response(refusal)
        }
        let readers = target.readers
        let origin = try? await CrossOrigin.allowed(readers, request.head, trace.client, self, generation)
        CrossOrigin.apply(origin, readers, to: &response)
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

    /// Answers what the method and the headers let through.
    private func checked(
        _ request: ServerRequest, _ target: Generation.RouteTarget, _ generation: Generation,
        _ trace: inout RequestTrace
    ) async throws -> ServerResponse {
        trace.endpoint = target.name
        try SingleHeaders.check(request.head)
        if let preflight = try await preflight(request.head, target, generation) { return preflight }
        if !target.isPublished, recorder.refusesRequests { throw ServerCore.unrecorded }
        if target.methods.contains(request.head.method) {
            return try await respond(to: request, target, generation, &trace)
        }
        guard request.head.method == "HEAD", target.methods.contains("GET") else { return refuse(target) }
        return try await HeadRequest.respond(to: request) { request in
            try await respond(to: request, target, generation, &trace)
        }
    }

    private func respond(
        to request: ServerRequest, _ target: Generation.RouteTarget, _ generation: Generation,
        _ trace: inout RequestTrace
    ) async throws -> ServerResponse {
        switch target {
        case .token:
            return try await TokenEndpoint(core: self, generation: generation).respond(to: request, &trace)
        case .endpoint(let plan): return try await respond(to: request, plan, generation, &trace)
        case .authorization(let plan):
            return try await AuthorizationEndpoint(core: self, generation: generation, plan: plan, head: request.head)
                .request(request, &trace)
        case .interaction(let plan):
            return try await AuthorizationEndpoint(core: self, generation: generation, plan: plan, head: request.head)
                .interaction(request, &trace)
        case .resource(let plan): return try await respond(to: request, plan, generation, &trace)
        case .browser(let plan): return try await respond(to: request, plan, generation)
        case .document(let document): return document.response(to: request.head)
        case .keys: return opened?.publicKeys.response(to: request.head) ?? .text("starting\n", status: 503)
        }
    }

    private func respond(
        to request: ServerRequest, _ plan: Generation.EndpointPlan, _ generation: Generation,
        _ trace: inout RequestTrace
    ) async throws -> ServerResponse {
        let parameters = try plan.acceptance.accept(try RequestBody.parameters(of: request))
        let authentication = ClientAuthentication(self, generation)
        let registered = try await authentication.authenticate(request.head, parameters, as: plan.caller)
        trace.client = registered
        let asked = EndpointRequest(head: request.head, parameters: parameters, client: registered.client)
        let response = try await RecentUser.serve {
            guard plan.endsTokens else { return try await plan.endpoint.respond(to: asked) }
            return try await ServerCore.endingTokens { try await plan.endpoint.respond(to: asked) }
        }
        return try await commit(response)
    }

    /// Commits what a response needs, and sends it.
    ///
    /// - Parameters:
    ///   - response: What an endpoint answers.
    ///   - render: Makes the page; only browsers are shown any.
    /// - Returns: The answer.
    /// - Throws: `OAuthError` for a conflict, or for an answer of a kind that the endpoint cannot give; `StoreError`.
    func commit(
        _ response: EndpointResponse, render: ((Page, _ status: Int) throws -> ServerResponse)? = nil
    ) async throws -> ServerResponse {
        if !response.writes.isEmpty {
            try response.writes.checkKeys(of: "the answer of an endpoint")
            if case .conflict = try await store.write(response.writes) {
                throw OAuthError(.temporarilyUnavailable, "another request was faster", reason: "conflict in a commit")
            }
        }
        var answer: ServerResponse
        switch (response.content, render) {
        case (.none, _): answer = ServerResponse(status: response.status, headers: [("cache-control", "no-store")])
        case (.json(let body), _): answer = .json(body, status: response.status)
        case (.page(let page), let render?): answer = try render(page, response.status)
        case (.redirect(let address), _?) where address.utf8.allSatisfy { 0x21...0x7E ~= $0 }:
            answer = .redirect(address)
        default: throw OAuthError(.serverError, reason: "an endpoint answered in a way that it cannot")
        }
        for (name, value) in response.headers.sorted(by: { $0.key < $1.key }) {
            answer.headers.append((name.raw.lowercased(), value))
        }
        return answer
    }

    /// What a person sees of a request that failed: the client's page where the answer may be sent there.
    private func page(
        _ error: any Error, _ refusal: OAuthError, _ head: RequestHead, _ generation: Generation
    ) -> ServerResponse {
        do {
            switch error {
            case let error as RedirectRefusal: return try answer(error, generation)
            case let error as PageRefusal: return try answer(error, head, generation)
            default:
                let kind: PageRefusal.Kind =
                    switch refusal.code {
                    case .temporarilyUnavailable: .unavailable
                    case .serverError: .server
                    default: .request
                    }
                return try answer(PageRefusal(kind, refusal), head, generation)
            }
        } catch {
            logger.error("a page cannot be shown", metadata: ["error": "\(error)", "request": "\(head.id)"])
            return .text("This page cannot be shown. Reference: \(head.id)\n", status: 500)
        }
    }

    /// Logs what went wrong, and gives what the client may know of it.
    private func refusal(_ error: any Error, _ head: RequestHead, _ trace: RequestTrace) -> OAuthError {
        var metadata: Logger.Metadata = [
            "request": "\(head.id)", "endpoint": "\(trace.endpoint)", "address": "\(head.address)",
        ]
        metadata["client"] = trace.client.map { "\($0.client.id)" }
        for (name, value) in trace.claims { metadata[name] = "\(value)" }
        let known = error as? OAuthError ?? (error as? RedirectRefusal)?.error ?? (error as? PageRefusal)?.error
        guard let refusal = known else {
            metadata["error"] = "\(error)"
            logger.error("failed", metadata: metadata)
            let code: OAuthError.Code = error is StoreError ? .temporarilyUnavailable : .serverError
            events.record(ServerCore.event(.failed, code, trace, rule: nil))
            return OAuthError(code, "the request failed; the server's log tells more under \(head.id)")
        }
        metadata["error"] = "\(refusal.code.rawValue)"
        metadata["reason"] = "\(refusal.reason ?? refusal.description)"
        logger.info("refused", metadata: metadata)
        record(refusal, trace)
        return refusal
    }
}

/// Refuses methods, and answers the preflight of a browser.
extension ServerCore {
    private func preflight(
        _ head: RequestHead, _ target: Generation.RouteTarget, _ generation: Generation
    ) async throws -> ServerResponse? {
        guard !target.methods.contains("OPTIONS"), CrossOrigin.preflight(head) != nil else { return nil }
        let origin = try await CrossOrigin.allowed(target.readers, head, nil, self, generation)
        return origin.map { CrossOrigin.permission(for: $0, target.allowedMethods) }
    }

    private func refuse(_ target: Generation.RouteTarget) -> ServerResponse {
        let methods = target.allowedMethods.joined(separator: ", ")
        var response = ServerResponse.json(
            ["error": "invalid_request", "error_description": .string("this address takes \(methods)")], status: 405)
        response.headers.append(("allow", methods))
        return response
    }
}
