// SPDX-License-Identifier: Apache-2.0

import GrantKit
import Logging
import OutsideText

/// What the log and the metrics learn of a request while it is served.
struct RequestTrace {
    var endpoint = "unknown"
    var grant = ""
    var client: RegisteredClient? {
        didSet { context?.client = client?.client.id }
    }
    /// What the request holds, where that takes more than reading its query or body.
    var parameters: Parameters?
    /// What a request that is refused says of itself.
    var named = NamedInRequest()
    /// Set if events are wanted.
    var context: RequestContext?
}

extension ServerCore {
    /// Answers a request; whatever goes wrong becomes the error that its specification asks for.
    public func respond(to request: InboundRequest) async -> OutboundResponse {
        guard recorder.isWanted else { return await answer(request, nil) }
        let context = RequestContext(request.head)
        return await RequestContext.$current.withValue(context) { await answer(request, context) }
    }

    private func answer(_ request: InboundRequest, _ context: RequestContext?) async -> OutboundResponse {
        let start = ContinuousClock.now
        guard let generation else { return .text("starting\n", status: 503) }
        guard let target = generation.target(request.head.path) else {
            if let asset = asset(request.head, generation) { return asset }
            return .json(["error": "not_found"], status: 404)
        }
        var trace = RequestTrace(context: context)
        var response: OutboundResponse
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
        _ request: InboundRequest, _ target: Generation.RouteTarget, _ generation: Generation,
        _ trace: inout RequestTrace
    ) async throws -> OutboundResponse {
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
        to request: InboundRequest, _ target: Generation.RouteTarget, _ generation: Generation,
        _ trace: inout RequestTrace
    ) async throws -> OutboundResponse {
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
        to request: InboundRequest, _ plan: Generation.EndpointPlan, _ generation: Generation,
        _ trace: inout RequestTrace
    ) async throws -> OutboundResponse {
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
        _ response: EndpointResponse, render: ((Page, _ status: Int) throws -> OutboundResponse)? = nil
    ) async throws -> OutboundResponse {
        if !response.writes.isEmpty {
            try response.writes.checkKeys(of: "the answer of an endpoint")
            if case .conflict = try await store.write(response.writes) {
                throw OAuthError(.temporarilyUnavailable, "another request was faster", reason: "conflict in a commit")
            }
        }
        var answer: OutboundResponse
        switch (response.content, render) {
        case (.none, _): answer = OutboundResponse(status: response.status, headers: [("cache-control", "no-store")])
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
    ) -> OutboundResponse {
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

/// Turns refusals into responses (RFC 6749 section 5.2).
enum Refusal {
    static func response(_ error: OAuthError) -> OutboundResponse {
        var body: JSON = ["error": .string(error.code.rawValue)]
        if !error.description.isEmpty { body["error_description"] = .string(error.description) }
        var response = OutboundResponse.json(body, status: status(of: error.code))
        for (name, value) in error.headers.sorted(by: { $0.key < $1.key }) {
            response.headers.append((name.raw.lowercased(), value))
        }
        if error.code == .temporarilyUnavailable { response.headers.append(("retry-after", "1")) }
        return response
    }

    static func status(of code: OAuthError.Code) -> Int {
        switch code {
        case .invalidClient, .invalidToken: 401
        case .insufficientScope: 403
        case .serverError: 500
        case .temporarilyUnavailable: 503
        default: 400
        }
    }
}

/// Refuses methods, and answers the preflight of a browser.
extension ServerCore {
    private func preflight(
        _ head: RequestHead, _ target: Generation.RouteTarget, _ generation: Generation
    ) async throws -> OutboundResponse? {
        guard !target.methods.contains("OPTIONS"), CrossOrigin.preflight(head) != nil else { return nil }
        let origin = try await CrossOrigin.allowed(target.readers, head, nil, self, generation)
        return origin.map { CrossOrigin.permission(for: $0, target.allowedMethods) }
    }

    private func refuse(_ target: Generation.RouteTarget) -> OutboundResponse {
        let methods = target.allowedMethods.joined(separator: ", ")
        var response = OutboundResponse.json(
            ["error": "invalid_request", "error_description": .string("this address takes \(methods)")], status: 405)
        response.headers.append(("allow", methods))
        return response
    }
}

extension Generation.RouteTarget {
    private static let documentMethods: Set<String> = ["GET", "HEAD"]
    private static let browserMethods: Set<String> = ["GET", "POST"]
    private static let tokenMethods: Set<String> = ["POST"]

    fileprivate var methods: Set<String> {
        switch self {
        case .token: Generation.RouteTarget.tokenMethods
        case .endpoint(let plan): plan.methods
        case .resource(let plan): plan.methods
        case .browser(let plan): plan.endpoint.route.methods
        case .authorization, .interaction: Generation.RouteTarget.browserMethods
        case .document, .keys: Generation.RouteTarget.documentMethods
        }
    }

    /// What it answers to, in the order of the alphabet: HEAD is answered wherever GET is.
    fileprivate var allowedMethods: [String] {
        (methods.contains("GET") ? methods.union(["HEAD"]) : methods).sorted()
    }

    /// Which scripts may read its answers.
    var readers: CrossOrigin.Readers { isPublished ? .everybody : isForPeople ? .nobody : .clients }

    /// What the log and the metrics call it.
    fileprivate var name: String {
        switch self {
        case .token: "token"
        case .endpoint(let plan): plan.name
        case .resource(let plan): plan.name
        case .browser(let plan): plan.name
        case .authorization: "authorize"
        case .interaction: "interaction"
        case .document: "metadata"
        case .keys: "jwks"
        }
    }

    /// Whether it is a document that is the same for everybody.
    fileprivate var isPublished: Bool {
        switch self {
        case .document, .keys: true
        default: false
        }
    }

    /// Whether a person's browser asks, so that errors are pages.
    fileprivate var isForPeople: Bool {
        switch self {
        case .authorization, .interaction, .browser: true
        default: false
        }
    }
}
