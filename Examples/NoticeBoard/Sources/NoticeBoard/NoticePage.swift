// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// The page on which users who are signed in read the notice, and confirm that they have.
struct NoticePage: Endpoint {
    static let name = "notice"

    let confirmations: Confirmations
    let notice: String
    // The server's start page links here, since the page has a title and the name of the route.
    let route = Route(["GET", "POST"], "/\(NoticePage.name)")
    let admission = Admission.user()
    let parameters = [ParameterDeclaration("notice", longest: 64)]

    private var host: any PluginHost { confirmations.host }

    func respond(to request: EndpointRequest<UserSession>) async throws -> EndpointResponse {
        let user = request.caller.user.id
        // Anything but a form of this page may be a link on another site, and changes nothing.
        guard request.isSubmitted else { return .page(try await page(for: user)) }
        // A tab may have been open since the time of another notice.
        guard request.parameters["notice"] == notice else {
            return .page(try await page(for: user, problem: "changed"))
        }
        if try await confirmations.add(notice, by: user) {
            host.events.record(Event(.confirmed, subject: .user(user), details: ["notice": .string(notice)]))
        }
        // After a redirect, reloading the page sends no form again.
        return .redirect(host.address(of: route))
    }

    private func page(for user: String, problem: String? = nil) async throws -> Page {
        var values: JSON = ["notice": .string(notice)]
        values["problem"] = problem.map(JSON.string)
        if let time = try await confirmations.time(of: notice, by: user) {
            values["is_confirmed"] = true
            values["time"] = Page.moment(time)
        }
        return Page(NoticePage.name, values)
    }
}

extension Event.Kind {
    /// A user has confirmed a notice.
    fileprivate static let confirmed = Event.Kind(rawValue: "notice-board.confirmed")
}

extension NoticePage {
    static let template = """
        {{> head}}
        {{> problem}}
        <p>{{text.notice_text}}</p>
        {{#is_confirmed}}
        <p class="note">{{text.notice_confirmed}} <time datetime="{{time.machine}}">{{time.text}}</time></p>
        {{/is_confirmed}}
        {{^is_confirmed}}
        <form method="post" action="{{action}}">
        <input type="hidden" name="csrf" value="{{csrf}}">
        <input type="hidden" name="notice" value="{{notice}}">
        <button class="button primary">{{text.notice_button}}</button>
        </form>
        {{/is_confirmed}}
        {{#home}}<a class="button" href="{{home}}">{{text.home}}</a>{{/home}}
        {{> foot}}
        """

    /// The strings of the page, with the notice in the language of the user.
    static func texts(english: String, german: String) -> [String: [String: String]] {
        [
            "en": [
                "notice_title": "A notice for you",
                "notice_text": english,
                "notice_button": "I have read this",
                "notice_confirmed": "You confirmed this on",
                "notice_problem_changed": "The notice has changed. Read it again.",
            ],
            "de": [
                "notice_title": "Ein Hinweis für Sie",
                "notice_text": german.isEmpty ? english : german,
                "notice_button": "Ich habe das gelesen",
                "notice_confirmed": "Von Ihnen bestätigt am",
                "notice_problem_changed": "Der Hinweis hat sich geändert. Bitte lesen Sie ihn noch einmal.",
            ],
        ]
    }
}
