// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// The end session endpoint (OpenID Connect RP-Initiated Logout 1.0 section 2).
struct EndSession: Endpoint {
    let host: any PluginHost
    let targets: ClientAttribute<ReturnAddresses>
    let frontChannel: FrontChannel
    let deliveries: Deliveries
    let route = Route(["GET", "POST"], "/logout", metadata: "end_session_endpoint")
    let admission = Admission.browser(takesForeignForms: true)
    let parameters = [
        ParameterDeclaration("id_token_hint", longest: 8192), ParameterDeclaration("client_id", longest: 256),
        ParameterDeclaration("post_logout_redirect_uri"), ParameterDeclaration("state", longest: 2048),
        ParameterDeclaration("logout_hint", longest: 1024), ParameterDeclaration("ui_locales", longest: 256),
        ParameterDeclaration("asked", longest: 12_000),
    ]

    func respond(to request: EndpointRequest<UserSession?>) async throws -> EndpointResponse {
        if request.isSubmitted { return try await confirmed(request) }
        let asked = try await read(request.parameters)
        guard let session = request.caller else {
            // Without a session there is no question, so without a valid hint nobody has confirmed where to go.
            guard asked.isFromClient else { return signedOut(asked.withoutTarget) }
            return try await leave(asked, after: asked.session)
        }
        guard asked.isAbout(session) else {
            return try await confirmation(asked, session, request.parameters["ui_locales"])
        }
        return try await end(session, asked)
    }

    // MARK: reading the request

    /// The parts of a request that can be trusted.
    private struct Asked {
        var clientID: String?
        /// The URL to go to afterwards, with `state`.
        var target: String?
        /// Whether an ID token of this server shows that the request comes from a client that has signed in a user.
        var isFromClient = false
        var session: String?
        var subject: String?

        func isAbout(_ session: UserSession) -> Bool {
            guard isFromClient, subject == session.user.id else { return false }
            return self.session.map { $0 == session.id } ?? true
        }

        var withoutTarget: Asked {
            var other = self
            other.target = nil
            return other
        }

        var json: JSON {
            var json: JSON = [:]
            json["client"] = clientID.map(JSON.string)
            json["target"] = target.map(JSON.string)
            return json
        }
    }

    /// Reads a request and drops what cannot be verified (section 4): the user is then asked, and stays here
    /// afterwards.
    private func read(_ parameters: Parameters) async throws -> Asked {
        var asked = Asked()
        let hint = try await claims(of: parameters["id_token_hint"])
        let audience = hint?["aud"]?.strings ?? []
        asked.clientID = parameters["client_id"] ?? (audience.count == 1 ? audience.first : nil)
        // An ID token issued to another client proves nothing about this one.
        if hint != nil, let named = asked.clientID, !audience.contains(named) { return Asked() }
        asked.isFromClient = hint != nil
        asked.session = hint?["sid"]?.string
        asked.subject = hint?["sub"]?.string
        // A request with an invalid hint is not redirected anywhere.
        if parameters["id_token_hint"] == nil || hint != nil { asked.target = try await target(parameters, asked) }
        return asked
    }

    /// The claims of an ID token; an expired one is accepted too, since users stay signed in for longer than its
    /// lifetime (section 2).
    private func claims(of hint: String?) async throws -> JSON? {
        guard let hint, let claims = try await host.keys.verify(hint, type: "JWT")?.claims,
            claims["iss"]?.string == host.issuer, claims["sub"]?.string != nil, claims["events"] == nil
        else { return nil }
        return claims
    }

    /// The URL to redirect to, if it is registered byte for byte for a known client (section 3); nil otherwise, but the
    /// user is signed out all the same.
    private func target(_ parameters: Parameters, _ asked: Asked) async throws -> String? {
        guard let address = parameters["post_logout_redirect_uri"] else { return nil }
        guard let id = asked.clientID, let client = try await host.clients.usable(id),
            let target = client[targets].all.first(where: { $0.text == address })
        else {
            host.events.record(Event(.notSentOn, client: asked.isFromClient ? asked.clientID : nil))
            return nil
        }
        return target.adding(parameters["state"].map { [("state", $0)] } ?? [])
    }

    // MARK: asking the user

    private static let purpose = "logout-confirmation"

    /// Asks the user: without a hint, or with a hint about another user, anyone could have sent the request (section
    /// 2).
    private func confirmation(
        _ asked: Asked, _ session: UserSession, _ languages: String?
    ) async throws -> EndpointResponse {
        var kept = asked.json
        kept["session"] = .string(session.id)
        var values: JSON = [
            "asked": .string(try await host.keys.seal(kept.text, purpose: EndSession.purpose)),
            "user": .string(session.user.displayName),
        ]
        values["languages"] = languages.map(JSON.string)
        if let id = asked.clientID, let client = try await host.clients.usable(id) {
            values["client"] = ["name": .string(client.displayName)]
        }
        var page = Page("logout", values)
        page.destinations = asked.target.map { [$0] } ?? []
        return .page(page)
    }

    private func confirmed(_ request: EndpointRequest<UserSession?>) async throws -> EndpointResponse {
        let kept = try await opened(request.parameters["asked"])
        var asked = Asked(clientID: kept?["client"]?.string, target: kept?["target"]?.string)
        asked.isFromClient = true
        guard let session = request.caller else { return try await leave(asked, after: kept?["session"]?.string) }
        guard session.id == kept?["session"]?.string else {
            // Another user has signed in since the page was shown, or the answer is unreadable, so ask again.
            return try await confirmation(asked, session, request.parameters["ui_locales"])
        }
        return try await end(session, asked)
    }

    /// What the page kept; nil if this server did not seal it.
    private func opened(_ sealed: String?) async throws -> JSON? {
        guard let sealed, let text = try await host.keys.open(sealed, purpose: EndSession.purpose) else { return nil }
        return try? JSON(parsing: text)
    }

    // MARK: signing out

    private func end(_ session: UserSession, _ asked: Asked) async throws -> EndpointResponse {
        let frames = try await frontChannel.frames(for: session.id)
        try await deliveries.awaiting(session.id) {
            try await host.tokens.revoke(.session(session.id), reason: "the user signed out")
        }
        var response = frames.isEmpty ? leave(asked) : signedOut(asked, frames)
        response.forgetsSession = true
        return response
    }

    /// Leaves after the session has ended, for example if a button was pressed twice: the front-channel frames are
    /// loaded again, since the browser may have dropped the page that had them.
    private func leave(_ asked: Asked, after id: String?) async throws -> EndpointResponse {
        guard let id, try await host.sessions.find(id) == nil else { return leave(asked) }
        let frames = try await frontChannel.frames(for: id)
        return frames.isEmpty ? leave(asked) : signedOut(asked, frames)
    }

    private func leave(_ asked: Asked) -> EndpointResponse {
        asked.target.map { EndpointResponse.redirect($0) } ?? signedOut(asked)
    }

    private func signedOut(_ asked: Asked, _ frames: [String] = []) -> EndpointResponse {
        var page = Page("signed_out", asked.target.map { ["continue": .string($0)] } ?? [:])
        page.frames = frames
        return .page(page)
    }
}

extension Event.Kind {
    /// A client asked for a sign-out and a redirect to a URL that it has not registered.
    static let notSentOn = Event.Kind(rawValue: "logout.not_sent_on")
}
