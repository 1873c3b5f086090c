// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// What a person has allowed, by application, with a button to take it back.
struct GrantsPage: BrowserEndpoint {
    static let page = Route(["GET", "POST"], "/grants")

    let host: any PluginHost
    let route = GrantsPage.page
    let requiresSession = true
    let parameters = [ParameterDeclaration("client", longest: 256)]

    func respond(to request: BrowserRequest) async throws -> EndpointResponse {
        guard let user = request.session?.user else { throw OAuthError(.accessDenied) }
        if request.isSubmitted {
            let client = try request.parameters.required("client")
            try await host.consents.end(user: user.id, client: client, reason: "its person took it back")
            return .redirect(request.head.path)
        }
        var items: [JSON] = []
        for consent in try await host.consents.list(user: user.id) {
            // A client that is gone can do nothing any more.
            guard let client = try await host.clients.find(consent.clientID) else { continue }
            let scopes = consent.scope.words.map { word -> JSON in ["word": .string(word)] }
            items.append([
                "id": .string(client.id), "name": .string(client.shownName), "scopes": .array(scopes),
                "given": .string(consent.givenAt.shown), "given_at": .string(consent.givenAt.text),
            ])
        }
        return .page(
            Page(
                "grants",
                [
                    "items": .array(items), "any": .bool(!items.isEmpty),
                    "sessions": .string(host.address(of: SessionsPage.page)),
                ]))
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
        <p class="note">{{#any}}{{text.grants_note}} {{/any}}<a href="{{sessions}}">{{text.grants_sessions}}</a></p>
        {{> foot}}
        """

    static let texts = [
        "en": [
            "grants_title": "What you have allowed",
            "grants_none": "You have not allowed any application anything.",
            "grants_given": "Allowed on",
            "grants_end": "End",
            "grants_note": "An application whose access you end has to ask you again.",
            "grants_sessions": "See where you are signed in",
        ],
        "de": [
            "grants_title": "Was Sie erlaubt haben",
            "grants_none": "Sie haben keiner Anwendung etwas erlaubt.",
            "grants_given": "Erlaubt am",
            "grants_end": "Beenden",
            "grants_note": "Eine Anwendung, deren Zugang Sie beenden, muss Sie erneut fragen.",
            "grants_sessions": "Ansehen, wo Sie angemeldet sind",
        ],
    ]
}
