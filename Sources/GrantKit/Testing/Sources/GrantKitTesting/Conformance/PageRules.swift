// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// The rules for pages.
enum PageRules {
    static let all: [Rule] = [
        Rule(.page, "its name is a word that no page of the server has", forEach(names)),
        Rule(.page, "its strings are there in English, under keys that begin with its name", forEach(texts)),
        Rule(.page, "its template has a string for each key that it shows", forEach(keys)),
        Rule(.page, "each of its strings is used", forEach(unused)),
        Rule(.page, "its template escapes each value, and shows it only where that is enough", forEach(escaping)),
        Rule(.page, "its template closes what it opens, and includes only what is there", forEach(structure)),
        Rule(.page, "its forms post to the server's address with the server's token", forEach(forms)),
        Rule(.page, "it needs nothing that the policy of the server's pages blocks", forEach(policy)),
    ]

    private static func forEach(
        _ check: @escaping @Sendable (RegisteredPage, TestRegistry) throws -> Void
    ) -> @Sendable (PluginUnderTest) async throws -> Void {
        { subject in
            let registry = try subject.registry()
            for page in registry.pages { try check(page, registry) }
        }
    }

    // MARK: names and strings

    private static func names(_ page: RegisteredPage, _ registry: TestRegistry) throws {
        let isWord =
            !page.name.isEmpty
            && page.name.utf8.allSatisfy { 0x61...0x7A ~= $0 || 0x30...0x39 ~= $0 || $0 == 0x5F || $0 == 0x2D }
        try expect(isWord, "'\(page.name)' is no name of a page: use lower-case letters, digits, '_' and '-'")
        try expect(
            !ServerPages.names.contains(page.name),
            "'\(page.name)' is the name of one of the server's own pages: choose another name")
        let same = registry.pages.map(\.name).filter { $0 == page.name }
        try expect(same.count == 1, "two pages are named '\(page.name)': rename one of them")
    }

    private static func texts(_ page: RegisteredPage, _ registry: TestRegistry) throws {
        guard let english = page.texts["en"] else {
            throw ConformanceFailure("the page '\(page.name)' has no English strings: add them under 'en'")
        }
        try expect(
            english.keys.contains("\(page.name)_title"),
            "the page '\(page.name)' has no heading: add the string '\(page.name)_title'")
        for (language, texts) in page.texts {
            let isTag = !language.isEmpty && language.utf8.allSatisfy { Word.isLetterOrDigit($0) || $0 == 0x2D }
            try expect(isTag, "'\(language)' is no tag of a language (RFC 5646), such as 'en' or 'de-AT'")
            for key in texts.keys {
                try expect(
                    key.utf8.starts(with: "\(page.name)_".utf8),
                    "the key '\(key)' of the page '\(page.name)' must begin with '\(page.name)_'")
                try expect(
                    english.keys.contains(key),
                    "the string '\(key)' is there in '\(language)', but not in English: add it under 'en'")
            }
        }
    }

    private static func keys(_ page: RegisteredPage, _ registry: TestRegistry) throws {
        let known = registry.keys + ServerPages.texts
        for key in shown(page.template) {
            try expect(
                known.contains(key),
                "the template of '\(page.name)' shows {{text.\(key)}}, but there is no such string: add it to the "
                    + "page's strings, or correct the key")
        }
    }

    private static func unused(_ page: RegisteredPage, _ registry: TestRegistry) throws {
        let all = registry.pages.flatMap { shown($0.template) }
        for (key, text) in page.texts["en"] ?? [:] {
            // The server itself looks up titles, messages, problems and warnings.
            let isForServer =
                ends(key, "_title") || ends(key, "_message") || key.utf8.starts(with: "\(page.name)_problem_".utf8)
                || key.utf8.holds("_warning") || text.utf8.contains(UInt8(ascii: "{"))
            try expect(
                isForServer || all.contains(key),
                "nothing shows the string '\(key)': write {{text.\(key)}} in the template of '\(page.name)', or remove "
                    + "the string")
        }
    }

    /// The keys of the strings that a template shows.
    private static func shown(_ template: String) -> [String] {
        Template(template).tags.map(\.name).filter { $0.utf8.starts(with: "text.".utf8) }
            .map { String(decoding: $0.utf8.dropFirst(5), as: UTF8.self) }
    }

    private static func ends(_ text: String, _ suffix: String) -> Bool {
        text.utf8.suffix(suffix.utf8.count).elementsEqual(suffix.utf8)
    }

    // MARK: tags

    private static func escaping(_ page: RegisteredPage, _ registry: TestRegistry) throws {
        for tag in Template(page.template).tags {
            try expect(
                tag.kind != .raw,
                "the template of '\(page.name)' shows '\(tag.name)' without escaping it: use two braces, as in "
                    + "{{\(tag.name)}}")
            try expect(
                tag.kind != .change,
                "the template of '\(page.name)' has the tag '\(tag.name)', which changes how it is read: remove it")
            try expect(
                tag.kind != .value || tag.place != .tag,
                "the template of '\(page.name)' shows '\(tag.name)' inside of a tag: put it between the quotation "
                    + "marks of an attribute")
        }
    }

    private static func structure(_ page: RegisteredPage, _ registry: TestRegistry) throws {
        let template = Template(page.template)
        try expect(!template.isOpen, "the template of '\(page.name)' has a tag without '}}': close it")
        var open: [String] = []
        for tag in template.tags {
            switch tag.kind {
            case .section, .inverted: open.append(tag.name)
            case .end:
                try expect(
                    open.popLast() == tag.name,
                    "the template of '\(page.name)' closes the section '\(tag.name)', which is not the last one that "
                        + "it has opened")
            case .partial: try included(tag.name, page, registry)
            default: break
            }
        }
        try expect(
            open.isEmpty,
            "the template of '\(page.name)' does not close the section '\(open.last ?? "")': add a tag "
                + "such as {{/\(open.last ?? "")}}")
    }

    private static func included(_ name: String, _ page: RegisteredPage, _ registry: TestRegistry) throws {
        let others = registry.pages.map(\.name).filter { $0 != page.name }
        try expect(name != page.name, "the template of '\(page.name)' includes itself")
        try expect(
            (ServerPages.names + others).contains(name),
            "the template of '\(page.name)' includes '\(name)', which is no template of the server or the plugin")
    }

    // MARK: HTML

    private static func forms(_ page: RegisteredPage, _ registry: TestRegistry) throws {
        for form in pieces(of: Array(page.template.utf8), from: "<form", to: "</form>") {
            let head = Array(form.prefix { $0 != UInt8(ascii: ">") })
            guard lower(head).holds("method=\"post\"") else { continue }
            try expect(
                head.holds("action=\"{{action}}\""),
                "a form of the page '\(page.name)' is not posted to the endpoint that shows it: write "
                    + "action=\"{{action}}\"")
            try expect(
                form.holds("\"csrf\"") && form.holds("\"{{csrf}}\"") || form.holds("{{> sealed}}"),
                "a form of the page '\(page.name)' does not send the server's token, so the server refuses it: add "
                    + "<input type=\"hidden\" name=\"csrf\" value=\"{{csrf}}\">")
        }
    }

    private static let blocked = [
        "<script", "<style", "<iframe", "<object", "<embed", "<base", " style=", "javascript:", "src=\"http",
        "src=\"//", "src=\"data:", " onclick=", " onload=", " onsubmit=", " onerror=", " onchange=", " oninput=",
        "<link",
    ]

    private static func policy(_ page: RegisteredPage, _ registry: TestRegistry) throws {
        let bytes = lower(Array(page.template.utf8))
        for part in blocked {
            try expect(
                !bytes.holds(part),
                "the template of '\(page.name)' contains '\(part)', which browsers ignore on a page of the server: "
                    + "use plain HTML and the classes of the server's style sheet")
        }
    }

    /// The parts of a template that begin and end with some words.
    private static func pieces(of bytes: [UInt8], from start: String, to end: String) -> [[UInt8]] {
        let (all, first, last) = (lower(bytes), Array(start.utf8), Array(end.utf8))
        return all.indices.filter { all[$0...].starts(with: first) }.map { begin in
            let close = all.indices[begin...].first { all[$0...].starts(with: last) } ?? bytes.count
            return Array(bytes[begin..<close])
        }
    }

    private static func lower(_ bytes: [UInt8]) -> [UInt8] {
        bytes.map { 0x41...0x5A ~= $0 ? $0 | 0x20 : $0 }
    }
}
