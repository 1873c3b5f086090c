// SPDX-License-Identifier: Apache-2.0

import GrantKit
import Logging

/// A failed request: what log and events record, and what the sender gets.
struct RequestFailure {
    private let core: ServerCore
    private let error: any Error
    private let head: RequestHead
    private let trace: RequestTrace
    /// Whether a rule refused the request; otherwise the server or a plugin is at fault.
    private let isRefusal: Bool
    /// The error as log and events have it.
    private let known: OAuthError
    /// The error that the sender gets.
    let refusal: OAuthError

    init(_ error: any Error, of head: RequestHead, _ trace: RequestTrace, _ core: ServerCore) {
        self.core = core
        self.error = error
        self.head = head
        self.trace = trace
        let thrown = error as? OAuthError ?? (error as? RedirectRefusal)?.error ?? (error as? PageRefusal)?.error
        isRefusal = thrown != nil
        let isForNow = error is StoreError || error is PluginUnavailable
        let code: OAuthError.Code = isForNow ? .temporarilyUnavailable : .serverError
        // A plugin that is being started again answers soon.
        let headers = error is PluginUnavailable ? ["Retry-After": "1"] : [:]
        let words = "the request failed; see request \(head.id) in the server's log"
        known = thrown ?? OAuthError(code, words, headers: headers)
        refusal = core.isDevelopment ? DevelopmentDetail.added(to: known, of: error) : known
    }

    /// Writes the log line, and records the event.
    func record() {
        var metadata: Logger.Metadata = [
            "request": "\(head.id)", "endpoint": "\(trace.endpoint)", "address": "\(head.address)",
        ]
        metadata["client"] = trace.client.map { "\($0.client.id)" }
        for (name, value) in trace.claims { metadata[name] = "\(value)" }
        if let plugin = PluginFailure.plugin(of: error) { metadata["plugin"] = "\(plugin)" }
        guard isRefusal else {
            metadata["error"] = "\(error)"
            if let failure = error as? PluginFailure { metadata["call"] = "\(failure.call)" }
            core.logger.error("failed", metadata: metadata)
            core.events.record(Event(.failed, known.code, trace, rule: nil))
            return
        }
        metadata["error"] = "\(known.code.rawValue)"
        metadata["reason"] = "\(known.reason ?? known.description)"
        core.logger.info("refused", metadata: metadata)
        guard known.reason == nil || known.reason != EventRecorder.unrecorded.reason else { return }
        core.events.record(Event(.refused, known.code, trace, rule: known.reason ?? known.description))
    }

    /// The response to the sender.
    func answer(to audience: RouteAudience, _ generation: Generation) -> ServerResponse {
        guard audience == .people else { return Refusal.response(refusal) }
        do {
            return try page(generation)
        } catch {
            core.logger.error("a page cannot be shown", metadata: ["error": "\(error)", "request": "\(head.id)"])
            return .text("This page cannot be shown. Reference: \(head.id)\n", status: 500)
        }
    }

    /// The page for a user, or a redirect to the client if the error may be sent there.
    private func page(_ generation: Generation) throws -> ServerResponse {
        if let error = error as? RedirectRefusal {
            let destination = error.destination
            // Only a client on this machine may get the details of the log.
            let sent = destination.redirect.isOnThisMachine ? refusal : known
            return try AuthorizationResponder(core: core, generation: generation)
                .answer(RedirectRefusal(error: sent, destination: destination))
        }
        let pages = PageResponder(core: core, generation: generation)
        if let page = error as? PageRefusal {
            return try pages.answer(PageRefusal(page.kind, refusal, again: page.again), head)
        }
        let kind = PageRefusal.Kind(of: refusal, otherwise: .request)
        return try pages.answer(PageRefusal(kind, refusal, again: trace.again), head)
    }
}
