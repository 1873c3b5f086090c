// SPDX-License-Identifier: Apache-2.0

import GrantKit
@_spi(Host) import GrantKitTesting

/// Faults of pages, and a page without one.
enum PageMutants {
    private static let names = "its name is a word that no page of the server has"
    private static let texts = "its strings are there in English, under keys that begin with its name"
    private static let keys = "its template has a string for each key that it shows"
    private static let escaping = "its template escapes each value, and shows it only where that is enough"
    private static let structure = "its template closes what it opens, and includes only what is there"
    private static let forms = "its forms post to the server's address with the server's token"
    private static let policy = "it needs nothing that the policy of the server's pages blocks"

    private static let template = """
        {{> head}}
        {{#message}}<p>{{message}}</p>{{/message}}
        {{> problem}}
        {{#form}}
        <form method="post" action="{{action}}">
        <input type="hidden" name="csrf" value="{{csrf}}">
        <label for="ticket">{{text.ticket_number}}</label>
        <input id="ticket" name="ticket" value="{{ticket}}" aria-describedby="hint{{#problem}} problem{{/problem}}">
        <button class="button primary">{{text.ticket_button}}</button>
        </form>
        {{/form}}
        {{^form}}{{#home}}<a class="button" href="{{home}}">{{text.home}}</a>{{/home}}{{/form}}
        {{> foot}}
        """

    private static let strings: [String: [String: String]] = [
        "en": [
            "ticket_title": "Your ticket", "ticket_number": "Number", "ticket_button": "Use it",
            "ticket_problem_used": "This ticket is used.", "ticket_problem_missing": "Type a number.",
            "ticket_done_title": "Your ticket is used", "ticket_denied_title": "Your ticket is not used",
            "ticket_warning": "Someone wants to use the ticket {ticket}.",
        ],
        "de": ["ticket_title": "Ihre Karte", "ticket_number": "Nummer"],
    ]

    /// Adds the page without a fault.
    static func add(to registry: inout Registry) {
        registry.add(page: "ticket", template: template, texts: strings)
    }

    private static func page(
        _ name: String = "ticket", _ template: String = PageMutants.template,
        _ texts: [String: [String: String]] = PageMutants.strings
    ) -> PluginUnderTest {
        EndpointsPlugin.underTest { registry, _ in registry.add(page: name, template: template, texts: texts) }
    }

    /// The page with more in its template.
    private static func page(adding part: String) -> PluginUnderTest {
        page("ticket", template + part)
    }

    /// The page with a string more.
    private static func worded(_ language: String, _ key: String, _ text: String) -> PluginUnderTest {
        var changed = strings
        changed[language, default: [:]][key] = text
        return page("ticket", template, changed)
    }

    static let sound: [(name: String, plugin: PluginUnderTest)] = [("a page", page())]

    static let all: [Mutant] = [
        Mutant("its name has a slash", breaks: names, says: "is no name of a page", page("a/b")),
        Mutant("its name is the server's", breaks: names, says: "one of the server's own pages", page("consent")),
        Mutant(
            "two pages have one name", breaks: names, says: "rename one of them",
            EndpointsPlugin.underTest { registry, _ in
                add(to: &registry)
                add(to: &registry)
            }),
        Mutant(
            "it is not in English", breaks: texts, says: "add them under 'en'",
            page("ticket", template, ["de": ["ticket_title": "Ihre Karte"]])),
        Mutant(
            "it has no heading", breaks: texts, says: "add the string 'ticket_title'",
            page("ticket", template, ["en": [:]])),
        Mutant(
            "its language is no tag", breaks: texts, says: "is no tag of a language",
            worded("en_US", "ticket_title", "T")),
        Mutant(
            "a key begins with another name", breaks: texts, says: "must begin with",
            worded("en", "number", "Number")),
        Mutant(
            "a string is only in German", breaks: texts, says: "but not in English",
            worded("de", "ticket_more", "Mehr")),
        Mutant(
            "its template misspells a key", breaks: keys, says: "there is no such string",
            page(adding: "{{text.ticket_nmuber}}")),
        Mutant(
            "its template misspells a key of the server", breaks: keys, says: "{{text.hmoe}}",
            page(adding: "{{text.hmoe}}")),
        Mutant(
            "nothing shows a string", breaks: "each of its strings is used", says: "or remove the string",
            worded("en", "ticket_more", "More")),
        Mutant(
            "it shows a value with three braces", breaks: escaping, says: "use two braces",
            page(adding: "{{{ticket}}}")),
        Mutant(
            "it shows a value with an ampersand", breaks: escaping, says: "use two braces",
            page(adding: "{{& ticket}}")),
        Mutant(
            "it changes the delimiters", breaks: escaping, says: "changes how it is read",
            page(adding: "{{=<% %>=}}")),
        Mutant(
            "it has a pragma", breaks: escaping, says: "changes how it is read",
            page(adding: "{{%CONTENT_TYPE:TEXT}}")),
        Mutant(
            "it shows a value as an attribute without quotation marks", breaks: escaping, says: "quotation marks",
            page(adding: "<i class={{ticket}}></i>")),
        Mutant("a tag does not end", breaks: structure, says: "without '}}'", page(adding: "{{ticket")),
        Mutant(
            "a section does not end", breaks: structure, says: "does not close the section",
            page(adding: "{{#more}}")),
        Mutant(
            "a section is closed twice", breaks: structure, says: "closes the section 'more'",
            page(adding: "{{#more}}{{/more}}{{/more}}")),
        Mutant("it includes what is not there", breaks: structure, says: "no template", page(adding: "{{> haed}}")),
        Mutant("it includes itself", breaks: structure, says: "includes itself", page(adding: "{{> ticket}}")),
        Mutant(
            "its form posts to an address of its own", breaks: forms, says: "action=\"{{action}}\"",
            page(adding: "<form method=\"post\" action=\"/auth/ticket\"></form>")),
        Mutant(
            "its form has no token", breaks: forms, says: "value=\"{{csrf}}\"",
            page(adding: "<form method=\"post\" action=\"{{action}}\"></form>")),
        Mutant("it has a script", breaks: policy, says: "'<script'", page(adding: "<SCRIPT>alert(1)</SCRIPT>")),
        Mutant(
            "it has a picture of another server", breaks: policy, says: "'src=\"http'",
            page(adding: "<img src=\"https://example.com/a.png\">")),
    ]
}
