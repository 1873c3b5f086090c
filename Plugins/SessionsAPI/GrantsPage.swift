// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// The page with the applications to which a user has given access, and a button to take back the access of each.
struct GrantsPage: Endpoint {
    static let page = Route(["GET", "POST"], "/grants")

    let host: any PluginHost
    let route = GrantsPage.page
    let admission = Admission.user()
    let parameters = [
        ParameterDeclaration("client", longest: 256), ParameterDeclaration("confirmed", longest: 1),
        ParameterDeclaration("after", longest: 256),
    ]
    /// The maximum number of applications on a page.
    private static let most = 20

    func respond(to request: EndpointRequest<UserSession>) async throws -> EndpointResponse {
        let user = request.caller.user
        let consents = try await host.consents.list(user: user.id)
        guard request.isSubmitted else { return .page(try await list(consents, after: request.parameters["after"])) }
        let id = try request.parameters.required("client")
        guard let consent = consents.first(where: { $0.clientID == id }) else { return .redirect(request.head.path) }
        if request.parameters["confirmed"] == nil, var values = try await item(consent) {
            values["confirm"] = true
            values["kind"] = "confirm"
            return .page(Page("grants", values))
        }
        try await host.consents.end(user: user.id, client: id, reason: "the user removed the client's access")
        return .redirect(request.head.path)
    }

    private func list(_ consents: [StoredConsent], after last: String?) async throws -> Page {
        var items: [JSON] = []
        let rest = behind(last, consents)
        let shown = rest.prefix(GrantsPage.most)
        for consent in shown {
            if let item = try await item(consent) { items.append(item) }
        }
        let end = shown.count < rest.count ? shown.last : nil
        var values: JSON = [
            "items": .array(items), "any": .bool(!items.isEmpty || end != nil),
            "sessions": .string(host.address(of: SessionsPage.page)),
        ]
        values["more"] = end.map { ["after": .string($0.clientID)] }
        return Page("grants", values)
    }

    /// The page's values for one application; nil if the client no longer exists, since it then has no access.
    private func item(_ consent: StoredConsent) async throws -> JSON? {
        guard let client = try await host.clients.usable(consent.clientID) else { return nil }
        let scopes = consent.scope.words.map { word -> JSON in ["word": .string(word)] }
        return [
            "id": .string(client.id), "name": .string(client.displayName), "scopes": .array(scopes),
            "given": Page.moment(consent.givenAt),
        ]
    }

    /// The consents after a client in the list, which is ordered by client id.
    private func behind(_ client: String?, _ consents: [StoredConsent]) -> ArraySlice<StoredConsent> {
        guard let client else { return consents[...] }
        return consents.drop { !client.utf8.lexicographicallyPrecedes($0.clientID.utf8) }
    }
}

extension GrantsPage {
    private static let about = """
        <h2><bdi>{{name}}</bdi></h2>
        <p class="hint">{{text.grants_given}} <time datetime="{{given.machine}}">{{given.text}}</time></p>
        <ul>
        {{#scopes}}<li>{{title}}</li>{{/scopes}}
        {{^scopes}}<li>{{text.consent_no_scopes}}</li>{{/scopes}}
        </ul>
        """

    static let template = """
        {{> head}}
        {{#confirm}}
        <p>{{message}}</p>
        <div class="item">\(about)</div>
        <form method="post" action="{{action}}">
        <input type="hidden" name="csrf" value="{{csrf}}">
        <input type="hidden" name="confirmed" value="1">
        <button class="button primary" name="client" value="{{id}}">{{text.grants_end}}</button>
        </form>
        <a class="button" href="{{action}}">{{text.grants_cancel}}</a>
        {{/confirm}}
        {{^confirm}}
        {{^any}}<p>{{text.grants_none}}</p>{{/any}}
        {{#any}}<ul class="items">{{/any}}
        {{#items}}
        <li>
        \(about)
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
        <p class="links"><a href="{{sessions}}">{{text.grants_sessions}}</a>{{#home}} <a href="{{home}}">{{text.home}}</a>{{/home}}</p>
        {{/confirm}}
        {{> foot}}
        """

    static let texts = [
        "en": [
            "grants_title": "Applications with access to your account",
            "grants_none": "No application has access to your account.",
            "grants_given": "Allowed on",
            "grants_end": "Remove access",
            "grants_confirm_title": "Remove access?",
            "grants_confirm_message": "The application loses its access at once, and has to ask you again.",
            "grants_cancel": "Cancel",
            "grants_more": "Show more",
            "grants_sessions": "See where you are signed in",
        ],
        "de": [
            "grants_title": "Anwendungen mit Zugriff auf Ihr Konto",
            "grants_none": "Keine Anwendung hat Zugriff auf Ihr Konto.",
            "grants_given": "Erlaubt am",
            "grants_end": "Zugriff entziehen",
            "grants_confirm_title": "Zugriff entziehen?",
            "grants_confirm_message": "Die Anwendung verliert ihren Zugriff sofort und muss Sie erneut fragen.",
            "grants_cancel": "Abbrechen",
            "grants_more": "Mehr anzeigen",
            "grants_sessions": "Ansehen, wo Sie angemeldet sind",
        ],
    ]
}
