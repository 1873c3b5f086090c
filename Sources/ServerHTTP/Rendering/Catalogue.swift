// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// The texts of one language, by their keys.
struct Catalogue: Sendable {
    /// The language of all texts that another one does not have.
    static let last = "en"

    let language: String
    private(set) var texts: [String: String]

    init(_ language: String, _ files: PageFiles) throws {
        self.language = language
        texts = try files.texts(Catalogue.last).merging(files.texts(language)) { _, own in own }
    }

    /// These texts and those that a plugin brings for its page, in English where it has none of this language; what is
    /// there already was put there by the deployment.
    func adding(_ page: [String: [String: String]]) -> Catalogue {
        var all = self
        let own = (page[Catalogue.last] ?? [:]).merging(page[language] ?? [:]) { _, own in own }
        all.texts.merge(own) { replaced, _ in replaced }
        return all
    }

    /// Puts texts where the core and plugins gave their keys.
    func resolve(_ page: String, _ values: JSON) -> JSON {
        var values = values
        let kind = values["kind"]?.string.map { $0.isEmpty ? page : "\(page)_\($0)" } ?? page
        values["title"] = values["title"] ?? text("\(kind)_title") ?? text("\(page)_title")
        values["message"] = values["message"] ?? text("\(kind)_message") ?? text("\(page)_message")
        if let problem = values["problem"]?.string {
            values["problem"] = ["message": text("problem_\(problem)") ?? .string(problem)]
        }
        values = describeScopes(values)
        if let items = values["items"]?.elements { values["items"] = .array(items.map(describeScopes)) }
        return values
    }

    private func describeScopes(_ values: JSON) -> JSON {
        guard let scopes = values["scopes"]?.elements else { return values }
        var values = values
        values["scopes"] = .array(scopes.map(describe))
        return values
    }

    private func text(_ key: String) -> JSON? {
        texts[key].map(JSON.string)
    }

    /// What a scope word means, in the words of the catalogue, or else the word itself.
    private func describe(_ scope: JSON) -> JSON {
        guard let word = scope["word"]?.string else { return scope }
        var scope = scope
        scope["title"] = scope["title"] ?? text("scope_\(word)_title") ?? .string(word)
        scope["detail"] = scope["detail"] ?? text("scope_\(word)_detail")
        return scope
    }
}
