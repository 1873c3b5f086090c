// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// The page with a user's sessions, and buttons to end one of them or all others.
struct SessionsPage: Endpoint {
    let host: any PluginHost
    static let page = Route(["GET", "POST"], "/sessions")
    let route = SessionsPage.page
    let admission = Admission.user()
    let parameters = [
        ParameterDeclaration("session", longest: 64), ParameterDeclaration("others", longest: 1),
        ParameterDeclaration("confirmed", longest: 1), ParameterDeclaration("after", longest: 64),
    ]
    /// The maximum number of sessions on a page.
    private static let most = 20

    func respond(to request: EndpointRequest<UserSession>) async throws -> EndpointResponse {
        let own = request.caller
        let sessions = try await host.sessions.list(user: own.user.id)
        guard request.isSubmitted else {
            return .page(try await list(sessions, own, after: request.parameters["after"]))
        }
        let isConfirmed = request.parameters["confirmed"] != nil
        if request.parameters["others"] != nil {
            guard isConfirmed else {
                return .page(Page("sessions", ["kind": "others", "confirm": true, "others": true]))
            }
            for session in sessions where session.id != own.id { try await signOut(session) }
            return .redirect(request.head.path)
        }
        // Users can only end their own sessions; any other one is treated like one that has ended.
        guard let session = sessions.first(where: { $0.id == request.parameters["session"] }) else {
            return .redirect(request.head.path)
        }
        guard isConfirmed else { return .page(try await confirmation(session, own)) }
        try await signOut(session)
        guard session.id == own.id else { return .redirect(request.head.path) }
        var response = EndpointResponse.page(Page("signed_out"))
        response.forgetsSession = true
        return response
    }

    private func signOut(_ session: UserSession) async throws {
        try await host.tokens.revoke(.session(session.id), reason: "the user signed out on the sessions page")
    }

    // MARK: pages

    private func confirmation(_ session: UserSession, _ own: UserSession) async throws -> Page {
        var values = try await item(session, own)
        values["kind"] = "one"
        values["confirm"] = true
        return Page("sessions", values)
    }

    private func list(_ sessions: [UserSession], _ own: UserSession, after last: String?) async throws -> Page {
        // The session of this browser comes first.
        let ordered = sessions.filter { $0.id == own.id } + sessions.filter { $0.id != own.id }
        let start = last.flatMap { last in ordered.firstIndex { $0.id == last } }.map { $0 + 1 } ?? 0
        let rest = ordered.dropFirst(start)
        var items: [JSON] = []
        for session in rest.prefix(SessionsPage.most) { items.append(try await item(session, own)) }
        var values: JSON = [
            "items": .array(items), "grants": .string(host.address(of: GrantsPage.page)),
            "has_others": .bool(sessions.count > 1),
        ]
        if rest.count > SessionsPage.most, let shown = rest.prefix(SessionsPage.most).last {
            values["more"] = ["after": .string(shown.id)]
        }
        return Page("sessions", values)
    }

    private func item(_ session: UserSession, _ own: UserSession) async throws -> JSON {
        var item: JSON = [
            "session": .string(session.id), "browser": .string(UserAgent.description(session.agent)),
            "started": Page.moment(session.authenticatedAt), "current": .bool(session.id == own.id),
        ]
        item["address"] = session.address.map(JSON.string)
        let names = try await clients(of: session)
        if !names.isEmpty { item["clients"] = .string(names.joined(separator: ", ")) }
        return item
    }

    private func clients(of session: UserSession) async throws -> [String] {
        var names: [String] = []
        for id in try await host.sessions.clients(of: session.id) {
            if let client = try await host.clients.usable(id) { names.append(client.displayName) }
        }
        return names.sorted()
    }
}

extension SessionsPage {
    private static let form =
        #"<form method="post" action="{{action}}"><input type="hidden" name="csrf" value="{{csrf}}">"#

    private static let about = """
        <h2><bdi>{{browser}}</bdi>{{^browser}}{{text.sessions_unknown}}{{/browser}}{{#current}} <i>{{text.sessions_current}}</i>{{/current}}</h2>
        <p class="hint">{{text.sessions_started}} <time datetime="{{started.machine}}">{{started.text}}</time>{{#address}}, {{text.sessions_address}} <bdi dir="ltr">{{address}}</bdi>{{/address}}</p>
        {{#clients}}<p class="hint">{{text.sessions_clients}} <bdi>{{clients}}</bdi></p>{{/clients}}
        """

    static let template = """
        {{> head}}
        {{#message}}<p>{{message}}</p>{{/message}}
        {{#confirm}}
        {{#session}}<div class="item">\(about)</div>{{/session}}
        \(form)
        <input type="hidden" name="confirmed" value="1">
        {{#session}}<button class="button primary" name="session" value="{{session}}">{{text.sessions_end}}</button>{{/session}}
        {{#others}}<button class="button primary" name="others" value="1">{{text.sessions_end}}</button>{{/others}}
        </form>
        <a class="button" href="{{action}}">{{text.sessions_cancel}}</a>
        {{/confirm}}
        {{^confirm}}
        <ul class="items">
        {{#items}}
        <li>
        \(about)
        \(form)
        <button class="button" name="session" value="{{session}}" aria-label="{{text.sessions_end}}: {{browser}}, {{started.text}}">{{text.sessions_end}}</button>
        </form>
        </li>
        {{/items}}
        </ul>
        {{#more}}<form method="get" action="{{action}}">
        <button class="button" name="after" value="{{after}}">{{text.sessions_more}}</button>
        </form>{{/more}}
        {{#has_others}}\(form)
        <button class="button" name="others" value="1">{{text.sessions_others}}</button>
        </form>{{/has_others}}
        <p class="links"><a href="{{grants}}">{{text.sessions_grants}}</a>{{#home}} <a href="{{home}}">{{text.home}}</a>{{/home}}</p>
        {{/confirm}}
        {{> foot}}
        """

    static let texts = [
        "en": [
            "sessions_title": "Where you are signed in",
            "sessions_message": "If you do not recognize one of these, sign it out and change your password.",
            "sessions_one_title": "Sign out this browser?",
            "sessions_one_message": "The applications that were used there lose their access too.",
            "sessions_others_title": "Sign out everywhere else?",
            "sessions_others_message":
                "You stay signed in here. All other browsers are signed out, and the applications that were used there lose "
                + "their access.",
            "sessions_current": "This browser",
            "sessions_unknown": "Unknown browser",
            "sessions_started": "Signed in on",
            "sessions_address": "from",
            "sessions_clients": "Used for",
            "sessions_end": "Sign out",
            "sessions_others": "Sign out everywhere else",
            "sessions_cancel": "Cancel",
            "sessions_more": "Show more",
            "sessions_grants": "See which applications have access",
        ],
        "de": [
            "sessions_title": "Wo Sie angemeldet sind",
            "sessions_message":
                "Wenn Sie eine dieser Anmeldungen nicht kennen, melden Sie sie ab und ändern Sie Ihr Passwort.",
            "sessions_one_title": "Diesen Browser abmelden?",
            "sessions_one_message": "Auch die Anwendungen, die dort verwendet wurden, verlieren ihren Zugriff.",
            "sessions_others_title": "Überall sonst abmelden?",
            "sessions_others_message":
                "Hier bleiben Sie angemeldet. Alle anderen Browser werden abgemeldet, und die Anwendungen, die dort "
                + "verwendet wurden, verlieren ihren Zugriff.",
            "sessions_current": "Dieser Browser",
            "sessions_unknown": "Unbekannter Browser",
            "sessions_started": "Angemeldet am",
            "sessions_address": "von",
            "sessions_clients": "Verwendet für",
            "sessions_end": "Abmelden",
            "sessions_others": "Überall sonst abmelden",
            "sessions_cancel": "Abbrechen",
            "sessions_more": "Mehr anzeigen",
            "sessions_grants": "Ansehen, welche Anwendungen Zugriff haben",
        ],
    ]
}
