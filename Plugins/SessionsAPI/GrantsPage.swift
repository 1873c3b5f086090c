// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// What a person has allowed, by application, with a button to take it back.
struct GrantsPage: BrowserEndpoint {
    static let page = Route(["GET", "POST"], "/grants")

    let host: any PluginHost
    let route = GrantsPage.page
    let requiresSession = true
    let parameters = [ParameterDeclaration("client", longest: 256), ParameterDeclaration("after", longest: 256)]
    /// What one page shows.
    private static let most = 100

    func respond(to request: BrowserRequest) async throws -> EndpointResponse {
        guard let user = request.session?.user else { throw OAuthError(.accessDenied) }
        if request.isSubmitted {
            let client = try request.parameters.required("client")
            try await host.consents.end(user: user.id, client: client, reason: "its person took it back")
            return .redirect(request.head.path)
        }
        var items: [JSON] = []
        let rest = behind(request.parameters["after"], try await host.consents.list(user: user.id))
        let shown = rest.prefix(GrantsPage.most)
        for consent in shown {
            // A client that is gone can do nothing any more.
            guard let client = try await host.clients.usable(consent.clientID) else { continue }
            let scopes = consent.scope.words.map { word -> JSON in ["word": .string(word)] }
            items.append([
                "id": .string(client.id), "name": .string(client.displayName), "scopes": .array(scopes),
                "given": .string(consent.givenAt.shown), "given_at": .string(consent.givenAt.rfc3339),
            ])
        }
        let last = shown.count < rest.count ? shown.last : nil
        var values: JSON = [
            "items": .array(items), "any": .bool(!items.isEmpty || last != nil),
            "sessions": .string(host.address(of: SessionsPage.page)),
        ]
        values["more"] = last.map { ["after": .string($0.clientID)] }
        return .page(Page("grants", values))
    }

    /// What comes behind a client in the order of the list, which is that of the clients' identifiers.
    private func behind(_ client: String?, _ consents: [StoredConsent]) -> ArraySlice<StoredConsent> {
        guard let client else { return consents[...] }
        return consents.drop { !client.utf8.lexicographicallyPrecedes($0.clientID.utf8) }
    }
}

extension GrantsPage {
    static let template = """
        {{> head}}
        {{^any}}<p>{{text.grants_none}}</p>{{/any}}
        {{#any}}<ul class="items">{{/any}}
        {{#items}}
        <li>
        <h2><bdi>{{name}}</bdi></h2>
        <p class="hint">{{text.grants_given}} <time datetime="{{given_at}}">{{given}}</time></p>
        <ul>
        {{#scopes}}<li>{{title}}</li>{{/scopes}}
        {{^scopes}}<li>{{text.consent_no_scopes}}</li>{{/scopes}}
        </ul>
        <form method="post" action="{{action}}">
        <input type="hidden" name="csrf" value="{{csrf}}">
        <button class="button" name="client" value="{{id}}" aria-label="{{text.grants_end}}: {{name}}">{{text.grants_end}}</button>
        </form>
        </li>
        {{/items}}
        {{#any}}</ul>{{/any}}
        {{#more}}<form method="get" action="{{action}}">
        <button class="button" name="after" value="{{after}}">{{text.grants_more}}</button>
        </form>{{/more}}
        <p class="note">{{#any}}{{text.grants_note}} {{/any}}<a href="{{sessions}}">{{text.grants_sessions}}</a></p>
        {{> foot}}
        """

    static let texts = [
        "en": [
            "grants_title": "What you have allowed",
            "grants_none": "You have not allowed any application anything.",
            "grants_given": "Allowed on",
            "grants_end": "End",
            "grants_more": "Show more",
            "grants_note": "An application whose access you end has to ask you again.",
            "grants_sessions": "See where you are signed in",
        ],
        "de": [
            "grants_title": "Was Sie erlaubt haben",
            "grants_none": "Sie haben keiner Anwendung etwas erlaubt.",
            "grants_given": "Erlaubt am",
            "grants_end": "Beenden",
            "grants_more": "Mehr anzeigen",
            "grants_note": "Eine Anwendung, deren Zugang Sie beenden, muss Sie erneut fragen.",
            "grants_sessions": "Ansehen, wo Sie angemeldet sind",
        ],
    ]
}
