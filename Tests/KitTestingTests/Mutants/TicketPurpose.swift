// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// A purpose that asks a user about a ticket, and whose parts can be replaced by functions.
struct TicketPurpose: InteractionPurpose {
    let host: any PluginHost
    var name = "ticket"
    let grant = GrantDeclaration("urn:test:ticket", key: "ticket", client: .confidential)
    /// Runs before the request is returned.
    var before: @Sendable (any PluginHost) async throws -> Void = { _ in }
    var client: @Sendable (Client) -> Client = { $0 }
    var scope: @Sendable () -> Scope = { ["read"] }
    var warning = "ticket_warning"
    /// Whether a result is respected.
    var isSettled = true
    /// Whether a ticket expires.
    var isEnding = true
    /// Changes the answer to a decision.
    var answer: @Sendable (PurposeAnswer, any PluginHost) async throws -> PurposeAnswer = { answer, _ in answer }

    init(host: any PluginHost) {
        self.host = host
    }

    private func waiting(_ context: JSON) async throws -> StoreRecord {
        guard let found = try await host.store.read(StoreKey("ticket", context["ticket"]?.string ?? "")) else {
            throw OAuthError(.invalidRequest, "there is no such ticket")
        }
        if isEnding, found.expiresAt <= host.now { throw OAuthError(.invalidRequest, "there is no such ticket") }
        if isSettled, let state = found.value["state"]?.string, state != "waits" {
            throw PurposeSettled(Page("ticket", ["kind": .string(state)]))
        }
        return found
    }

    func request(for context: JSON) async throws -> PurposeRequest {
        try await before(host)
        let found = try await waiting(context)
        var terms = ConsentTerms()
        terms.add(ConsentWarning(warning, ["ticket": found.key.id]))
        guard let known = try await host.clients.usable("client-1") else {
            throw OAuthError(.unauthorizedClient, "the client is gone")
        }
        return PurposeRequest(client: client(known), limits: AccessLimits(scope: scope()), consent: terms)
    }

    func approved(_ authorization: Authorization, for context: JSON) async throws -> PurposeAnswer {
        try await decide(context, "done", authorization.stored)
    }

    func denied(for context: JSON) async throws -> PurposeAnswer {
        try await decide(context, "denied", nil)
    }

    private func decide(_ context: JSON, _ state: String, _ authorization: JSON?) async throws -> PurposeAnswer {
        var record = try await waiting(context)
        let version = record.version
        record.value["state"] = .string(state)
        record.value["authorization"] = authorization
        let page = Page("ticket", ["kind": .string(state)])
        return try await answer(PurposeAnswer(page, writes: [.replace(record, ifVersion: version)]), host)
    }
}
