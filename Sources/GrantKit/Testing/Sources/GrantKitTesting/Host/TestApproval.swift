// SPDX-License-Identifier: Apache-2.0

@_spi(Host) public import GrantKit
import Synchronization

/// A page on which a user allows or denies what a purpose asks for.
///
/// Its buttons can be pressed several times, also at once. Only the first press has an effect; the others show the same
/// page again.
public final class TestApproval: Sendable {
    private enum Choice {
        case allow(Scope?, User?)
        case deny

        /// The content of the form.
        var text: String {
            switch self {
            case .allow(let scope, let user): "allow \(scope?.description ?? "all") \(user?.id ?? "")"
            case .deny: "deny"
            }
        }
    }

    /// The collection with the marks of used pages.
    static let collection = "used_page"
    /// How often the purpose decides if other requests change what it has read.
    private static let tries = 3

    private let plugin: TestPlugin
    private let purpose: any InteractionPurpose
    private let context: JSON
    private let id: String
    /// What the user was asked about before.
    private let asked = Mutex<(client: String, limits: AccessLimits)?>(nil)

    init(of purpose: any InteractionPurpose, _ context: JSON, _ plugin: TestPlugin) {
        self.plugin = plugin
        self.purpose = purpose
        self.context = context
        id = Base64.encode(plugin.host.random.bytes(16))
    }

    private var host: TestHost { plugin.host }
    private var name: String { "the purpose '\(purpose.name)'" }

    /// Loads the page.
    ///
    /// - Returns: What the user is asked about, with the limits that the client may have.
    /// - Throws: `OAuthError` as the user sees it; `PurposeSettled`; `HostRefusal` for a mistake of the plugin;
    ///   `StoreError`; and every other error of the plugin.
    public func request() async throws -> PurposeRequest {
        let request = try await purpose.request(for: context)
        try note(request)
        try check(request.consent)
        return try await narrowed(request)
    }

    /// Presses the button that allows.
    ///
    /// - Parameters:
    ///   - scope: The scope values that stay ticked; nil for all.
    ///   - user: The user; by default `ann`.
    /// - Returns: What follows.
    /// - Throws: As `request`, except `PurposeSettled`, whose page is returned.
    public func allow(_ scope: Scope? = nil, as user: User? = nil) async throws -> TestDecision {
        try await decide(.allow(scope, user))
    }

    /// Presses the button that denies.
    ///
    /// - Returns: What follows.
    /// - Throws: As `allow`.
    public func deny() async throws -> TestDecision {
        try await decide(.deny)
    }

    // MARK: the request

    /// Checks that the user is asked about the same client, and not about more than before.
    private func note(_ request: PurposeRequest) throws {
        let isSame = asked.withLock { asked in
            guard let last = asked else {
                asked = (request.client.id, request.limits)
                return true
            }
            guard last.client == request.client.id, request.limits.allowNoMore(than: last.limits) else {
                return false
            }
            asked = (request.client.id, request.limits)
            return true
        }
        guard !isSame else { return }
        throw HostRefusal(
            "\(name) returned another client, or limits that allow more than on the page before: return the same "
                + "client, and limits that stay the same or narrow, while an interaction is open")
    }

    private func check(_ terms: ConsentTerms) throws {
        let keys = plugin.registry.keys
        guard let warning = terms.warnings.first(where: { !keys.contains($0.text) }) else { return }
        throw HostRefusal(
            "\(name) warns users with the string '\(warning.text)', which the plugin does not have in English: "
                + "add it to the strings of one of its pages")
    }

    /// The request with the client as it is known now, and with what it may have.
    private func narrowed(_ request: PurposeRequest) async throws -> PurposeRequest {
        guard let client = try await host.clients.usable(request.client.id) else {
            throw OAuthError(.invalidRequest, "the client is inactive or not registered")
        }
        guard client.grants.contains(purpose.grant.key) else {
            throw OAuthError(.unauthorizedClient, "the client may not use this grant")
        }
        var limits = request.limits
        limits.keep { client.scope.contains($0) }
        guard !limits.scope.words.isEmpty || request.limits.scope.words.isEmpty else {
            throw OAuthError(.invalidScope, "the client may have none of the requested scopes")
        }
        if limits.notAfter.map({ $0 <= host.clock.now }) ?? false {
            throw OAuthError(.accessDenied, "the requested access has already ended")
        }
        return PurposeRequest(client: client, limits: limits, consent: request.consent)
    }

    // MARK: the decision

    private func decide(_ choice: Choice) async throws -> TestDecision {
        if let given = try await given(choice) { return given }
        do {
            return try await settle(choice, try await request())
        } catch let settled as PurposeSettled {
            // Another press of the same button may have been faster.
            if let given = try await given(choice) { return given }
            try ShownPage(page: settled.page, plugin: plugin).check(name)
            return TestDecision(page: settled.page)
        } catch let error as OAuthError {
            if let given = try await given(choice) { return given }
            throw error
        }
    }

    private func settle(_ choice: Choice, _ request: PurposeRequest) async throws -> TestDecision {
        for _ in 0..<TestApproval.tries {
            let (answer, allowed) = try await ask(choice, request)
            try ShownPage(page: answer.page, plugin: plugin).check(name)
            let ids = [allowed?.grantID, allowed?.sessionID].compactMap { $0 }
            let writes =
                [StoreWrite.create(mark(choice, answer.page).lent())] + answer.writes
                + ids.map { StoreWrite.absent(StoreKey(TestTokens.collection, $0)) }
            guard case .conflict(let place, _) = try await host.store.commit(writes, of: name) else {
                return TestDecision(page: answer.page, writes: answer.writes, authorization: allowed)
            }
            if place == 0, let given = try await given(choice) { return given }
            if place > answer.writes.count { throw OAuthError(.accessDenied, "the session has ended") }
        }
        throw OAuthError(.temporarilyUnavailable, "other requests kept changing this interaction")
    }

    private func ask(
        _ choice: Choice, _ request: PurposeRequest
    ) async throws -> (PurposeAnswer, Authorization?) {
        guard case .allow(let scope, let user) = choice else {
            return (try await purpose.denied(for: context), nil)
        }
        let allowed = try await authorization(request, scope, user)
        return (try await purpose.approved(allowed, for: context), allowed)
    }

    func authorization(_ request: PurposeRequest, _ scope: Scope?, _ user: User?) async throws -> Authorization {
        let session = try await plugin.signIn(user)
        var limits = request.limits
        if let scope { limits.keep { scope.contains($0) } }
        var authorization = Authorization(user: session.user, limits: limits)
        authorization.authenticatedAt = session.authenticatedAt
        authorization.amr = session.amr
        authorization.sessionID = session.id
        return authorization.asIssued(under: purpose.grant.key, grantID: "grant-\(id)")
    }

    // MARK: the mark

    private func mark(_ choice: Choice, _ page: Page) -> StoreRecord {
        StoreRecord(
            StoreKey(TestApproval.collection, id),
            ["choice": .string(choice.text), "page": .string(page.name), "values": page.values],
            expiresAt: host.clock.now + .seconds(3600))
    }

    /// What the same button has led to before; nil if none of the page's buttons has been pressed.
    private func given(_ choice: Choice) async throws -> TestDecision? {
        guard let found = try await host.records.read(StoreKey(TestApproval.collection, id)) else { return nil }
        guard found.value["choice"]?.string == choice.text else {
            throw OAuthError(.invalidRequest, "this page has been used")
        }
        return TestDecision(page: Page(found.value["page"]?.string ?? "", found.value["values"] ?? [:]))
    }
}
