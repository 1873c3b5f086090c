// SPDX-License-Identifier: Apache-2.0

import GrantKit
import OutsideText

/// The strings of the pages in one language, by key.
struct Catalogue: Sendable {
    /// The language of strings that are missing in another language.
    static let last = "en"

    let language: String
    private(set) var texts: [String: String]

    /// The position of each scope in lists, by scope value.
    private let order: [String: Int]

    init(_ language: String, _ files: PageFiles, _ branding: Branding) throws {
        self.language = language
        texts = try files.texts(Catalogue.last).merging(files.texts(language)) { _, own in own }
        for scope in branding.scopes {
            texts["scope_\(scope.scope)_title"] = scope.title[language]
            texts["scope_\(scope.scope)_detail"] = scope.detail?[language]
        }
        order = try Catalogue.order(files.scopes(), branding)
    }

    /// Scopes for which the server has its own strings come first, except those that the deployment lists itself.
    private static func order(_ own: [String], _ branding: Branding) -> [String: Int] {
        let named = branding.scopes.map(\.scope)
        let all = own.filter { !named.contains($0) } + named
        return Dictionary(zip(all, 0...), uniquingKeysWith: { first, _ in first })
    }

    /// This catalogue with a plugin's strings for its page, in English if the plugin has none in this language; strings
    /// from the configured folder take precedence.
    func adding(_ page: [String: [String: String]]) -> Catalogue {
        var all = self
        let own = (page[Catalogue.last] ?? [:]).merging(page[language] ?? [:]) { _, own in own }
        all.texts.merge(own) { replaced, _ in replaced }
        return all
    }

    /// Replaces the keys in a page's values by strings.
    func resolve(_ page: String, _ values: JSON) -> JSON {
        var values = values
        let kind = values["kind"]?.string.map { $0.isEmpty ? page : "\(page)_\($0)" } ?? page
        values["title"] = values["title"] ?? text("\(kind)_title") ?? text("\(page)_title")
        values["message"] = values["message"] ?? text("\(kind)_message") ?? text("\(page)_message")
        if let problem = values["problem"]?.string {
            values["problem"] = [
                "message": text("\(page)_problem_\(problem)") ?? text("problem_\(problem)") ?? .string(problem)
            ]
        }
        if let seconds = values["retry_after"]?.integer {
            values["wait"] = WaitText.text(seconds, texts).map(JSON.string)
        }
        if page == "consent", let warnings = values["warnings"]?.elements {
            values["warnings"] = .array(warnings.map(describeWarning))
        }
        values = describeScopes(values)
        if let items = values["items"]?.elements { values["items"] = .array(items.map(describeScopes)) }
        if let links = values["links"]?.elements { values["links"] = .array(links.compactMap(describeLink)) }
        return MomentText(texts, zone: values["zone"]?.string).resolve(values)
    }

    /// Adds the title of the linked page to a link; nil if the catalogue has no title for that page.
    private func describeLink(_ link: JSON) -> JSON? {
        guard let page = link["page"]?.string, let title = text("\(page)_title") else { return nil }
        var link = link
        link["title"] = title
        return link
    }

    /// Fills the string that a warning names, in parts, so that a page can keep the values apart from the words.
    ///
    /// Without such a string, the page shows its key.
    private func describeWarning(_ warning: JSON) -> JSON {
        let key = warning["warning"]?.string ?? ""
        let values = Dictionary(
            (warning["values"]?.members ?? []).map { ($0.name, $0.value.string ?? "") },
            uniquingKeysWith: { first, _ in first })
        let parts = Placeholders.parts(of: texts[exactly: key] ?? key, values).map { part -> JSON in
            switch part {
            case .words(let words): ["words": .string(words)]
            case .value(let value): ["value": .string(value)]
            }
        }
        return ["parts": .array(parts)]
    }

    private func describeScopes(_ values: JSON) -> JSON {
        guard let scopes = values["scopes"]?.elements else { return values }
        var values = values
        let listed = scopes.enumerated().sorted { (rank($0.element), $0.offset) < (rank($1.element), $1.offset) }
        values["scopes"] = .array(listed.map { describe($0.element) })
        return values
    }

    private func rank(_ scope: JSON) -> Int {
        scope["word"]?.string.flatMap { order[exactly: $0] } ?? order.count
    }

    private func text(_ key: String) -> JSON? {
        texts[key].map(JSON.string)
    }

    /// Adds the title and the description of a scope value from the catalogue; the title defaults to the scope value.
    private func describe(_ scope: JSON) -> JSON {
        guard let word = scope["word"]?.string else { return scope }
        var scope = scope
        scope["title"] = scope["title"] ?? text("scope_\(word)_title") ?? .string(word)
        scope["detail"] = scope["detail"] ?? text("scope_\(word)_detail")
        return scope
    }
}
