// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// Where a person is signed in, with a button to end each session.
struct SessionsPage: BrowserEndpoint {
    let host: any PluginHost
    static let page = Route(["GET", "POST"], "/sessions")
    let route = SessionsPage.page
    let requiresSession = true
    let parameters = [ParameterDeclaration("session", longest: 64)]
    /// What one page shows; ending one of them shows the next.
    private static let most = 100

    func respond(to request: BrowserRequest) async throws -> EndpointResponse {
        guard let own = request.session else { throw OAuthError(.accessDenied) }
        guard request.isSubmitted else {
            let sessions = try await host.sessions.list(user: own.user.id)
            return .page(Page("sessions", try await values(sessions, own)))
        }
        // Only one's own: any other is as unknown as one that is over.
        guard let id = request.parameters["session"], try await host.sessions.find(id)?.user.id == own.user.id else {
            return .redirect(request.head.path)
        }
        try await host.tokens.revoke(.session(id), reason: "its person ended it")
        guard id == own.id else { return .redirect(request.head.path) }
        var response = EndpointResponse.page(Page("signed_out"))
        response.forgetsSession = true
        return response
    }

    private func values(_ sessions: [UserSession], _ own: UserSession) async throws -> JSON {
        // The one that is looked at stands first.
        let ordered = sessions.filter { $0.id == own.id } + sessions.filter { $0.id != own.id }
        var items: [JSON] = []
        for session in ordered.prefix(SessionsPage.most) {
            var item: JSON = [
                "id": .string(session.id), "browser": .string(UserAgent.description(session.agent)),
                "started": .string(session.authenticatedAt.shown),
                "started_at": .string(session.authenticatedAt.rfc3339),
                "current": .bool(session.id == own.id),
            ]
            item["address"] = session.address.map(JSON.string)
            let names = try await clients(of: session)
            if !names.isEmpty { item["clients"] = .string(names.joined(separator: ", ")) }
            items.append(item)
        }
        return ["items": .array(items), "grants": .string(host.address(of: GrantsPage.page))]
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
    static let template = """
        {{> head}}
        <p>{{text.sessions_message}}</p>
        <ul class="items">
        {{#items}}
        <li>
        <h2><bdi>{{browser}}</bdi>{{^browser}}{{text.sessions_unknown}}{{/browser}}{{#current}} <i>{{text.sessions_current}}</i>{{/current}}</h2>
        <p class="hint">{{text.sessions_started}} <time datetime="{{started_at}}">{{started}}</time>{{#address}}, {{text.sessions_address}} <bdi dir="ltr">{{address}}</bdi>{{/address}}</p>
        {{#clients}}<p class="hint">{{text.sessions_clients}} <bdi>{{clients}}</bdi></p>{{/clients}}
        <form method="post" action="{{action}}">
        <input type="hidden" name="csrf" value="{{csrf}}">
        <button class="button" name="session" value="{{id}}" aria-label="{{text.sessions_end}}: {{browser}}, {{started}}">{{text.sessions_end}}</button>
        </form>
        </li>
        {{/items}}
        </ul>
        <p class="note">{{text.sessions_note}} <a href="{{grants}}">{{text.sessions_grants}}</a></p>
        {{> foot}}
        """

    static let texts = [
        "en": [
            "sessions_title": "Where you are signed in",
            "sessions_message": "If you do not know one of these, end it, and change your password.",
            "sessions_current": "This browser",
            "sessions_unknown": "Unknown browser",
            "sessions_started": "Signed in",
            "sessions_address": "from",
            "sessions_clients": "Used by",
            "sessions_end": "End",
            "sessions_note": "What is ended here is ended for the applications as well.",
            "sessions_grants": "See what you have allowed",
        ],
        "de": [
            "sessions_title": "Wo Sie angemeldet sind",
            "sessions_message":
                "Wenn Sie eine dieser Sitzungen nicht kennen, beenden Sie sie und ändern Sie Ihr Passwort.",
            "sessions_current": "Dieser Browser",
            "sessions_unknown": "Unbekannter Browser",
            "sessions_started": "Angemeldet",
            "sessions_address": "von",
            "sessions_clients": "Verwendet von",
            "sessions_end": "Beenden",
            "sessions_note": "Was Sie hier beenden, ist auch für die Anwendungen beendet.",
            "sessions_grants": "Ansehen, was Sie erlaubt haben",
        ],
    ]
}

/// What a browser calls itself, in words that a person knows it by.
enum UserAgent {
    static func description(_ agent: String?) -> String {
        guard let agent else { return "" }
        let browser = first(
            of: [
                ("Edg", "Edge"), ("OPR/", "Opera"), ("SamsungBrowser/", "Samsung Internet"), ("Firefox/", "Firefox"),
                ("FxiOS/", "Firefox"), ("CriOS/", "Chrome"), ("Chrome/", "Chrome"), ("Safari/", "Safari"),
            ], in: agent)
        let system = first(
            of: [
                ("iPhone", "iPhone"), ("iPad", "iPad"), ("Android", "Android"), ("Windows", "Windows"),
                ("Mac OS X", "macOS"), ("CrOS", "ChromeOS"), ("Linux", "Linux"),
            ], in: agent)
        let known = [browser, system].compactMap(\.self)
        return known.isEmpty ? String(agent.unicodeScalars.prefix(60)) : known.joined(separator: ", ")
    }

    private static func first(of names: [(mark: String, name: String)], in agent: String) -> String? {
        names.first { holds(agent.utf8[...], $0.mark.utf8) }?.name
    }

    private static func holds(_ agent: Substring.UTF8View, _ mark: String.UTF8View) -> Bool {
        agent.indices.contains { agent[$0...].starts(with: mark) }
    }
}
