// SPDX-License-Identifier: Apache-2.0

import AuthorizationServer
import Foundation
@_spi(Host) import GrantKit
import ServerConfiguration
import ServerHTTP
import Support
import Testing

/// The templates in this repository: those of the server and of its plugins.
enum Templates {
    private static let read = Result { try own() + plugins() }

    static func all() throws -> [PageTemplate] { try read.get() }

    static func own() throws -> [PageTemplate] {
        let folder = URL(filePath: #filePath).deletingLastPathComponent()
            .appending(path: "../../../Sources/ServerHTTP/Pages").standardizedFileURL
        return try FileManager.default.contentsOfDirectory(atPath: folder.path).filter { $0.hasSuffix(".mustache") }
            .map { name in
                page(
                    String(name.dropLast(9)), try String(contentsOf: folder.appending(path: name), encoding: .utf8))
            }
    }

    static func page(_ name: String, _ template: String) -> PageTemplate {
        var registry = Registry()
        registry.add(page: name, template: template, texts: [:])
        return registry.pages[0]
    }

    static func plugins() throws -> [PageTemplate] {
        try Plugins.all.flatMap { setup in
            var registry = Registry()
            try setup.type.init(settings: Settings(PluginSettings(setup.settings)), host: NoHost())
                .register(in: &registry)
            return registry.pages
        }
    }

    static func tags(_ kind: String, in templates: [PageTemplate]) throws -> Set<String> {
        let tag = try Regex<(Substring, Substring)>("\\{\\{\(kind)([A-Za-z_.]+)\\}\\}")
        return Set(templates.flatMap { $0.template.matches(of: tag).map { String($0.output.1) } })
    }
}

@Suite("Templates escape all values, byte by byte", .timeLimit(.minutes(10)))
struct TemplateTests {
    /// Values for each name in a template; sections whose own value is never shown are entered or skipped.
    private static func values(_ text: String, entering: Bool) throws -> JSON {
        let templates = try Templates.all()
        var values: JSON = ["title": .string(text), "client": [:], "problem": [:], "user": [:]]
        for section in try Templates.tags("[#^]", in: templates) { set(&values, section, .bool(entering)) }
        for name in try Templates.tags("", in: templates) where entering || !name.hasPrefix("client.") {
            set(&values, name, .string(text))
        }
        values["audience"] = entering ? .strings([text]) : nil
        return values
    }

    private static func set(_ values: inout JSON, _ name: String, _ value: JSON) {
        let parts = name.split(separator: ".").map(String.init)
        guard let first = parts.first else { return }
        let inner = values[first].flatMap { isObject($0) ? $0 : nil }
        guard parts.count == 2 else { return inner == nil ? values[name] = value : () }
        var object = inner ?? [:]
        object[parts[1]] = value
        values[first] = object
    }

    private static func isObject(_ json: JSON) -> Bool {
        if case .object = json { true } else { false }
    }

    /// Writes a catalogue in which every text is the given one.
    private static func catalogue(_ text: String, in folder: String) throws {
        try FileManager.default.createDirectory(atPath: "\(folder)/text", withIntermediateDirectories: true)
        var texts: JSON = ["direction": .string(text)]
        for name in try Templates.tags("", in: Templates.all()) where name.hasPrefix("text.") {
            texts[String(name.dropFirst(5))] = .string(text)
        }
        try texts.text.write(toFile: "\(folder)/text/en.json", atomically: true, encoding: .utf8)
    }

    private static func render(
        _ text: String, inCatalogue other: String? = nil, entering: Bool
    ) throws -> [(name: String, html: [UInt8])] {
        let folder = FileManager.default.temporaryDirectory.appending(path: "pages-\(UInt64.random(in: 0 ... .max))")
            .path
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try catalogue(other ?? text, in: folder)
        let pages = try Pages(replacedBy: folder).adding(Templates.plugins())
        let values = try values(text, entering: entering)
        return try Templates.all().map { page in
            var own = values
            // In one page this is a value, in another an object.
            if page.template.contains("{{user}}") { own["user"] = .string(text) }
            return (page.name, try pages.render(page.name, own, in: []).html)
        }
    }

    /// A word that occurs in no template.
    private static let word = "qxvalueqx"

    @Test(
        """
        every value and every string of the catalogue is escaped in every template, with a mark beside each special \
        character
        """,
        arguments: HostileMark.all, [true, false])
    func everyTemplate(_ mark: HostileMark, _ entering: Bool) throws {
        let plain = try Self.render(Self.word, entering: entering)
        for (side, text) in mark.texts {
            for (page, other) in zip(try Self.render(text, entering: entering), plain) {
                #expect(
                    Markup.structure(page.html) == Markup.structure(other.html), "\(mark) \(side), \(page.name)")
                #expect(page.html.ranges(of: Array(text.utf8)).isEmpty, "\(mark) \(side), \(page.name)")
                let times = other.html.ranges(of: Array(Self.word.utf8)).count
                #expect(page.html.ranges(of: Self.escaped(text)).count == times, "\(mark) \(side), \(page.name)")
            }
        }
    }

    @Test(
        "a control character or a mark that changes the direction of other text is shown by no template",
        arguments: Hostile.unshown, [true, false])
    func unshown(_ mark: String, _ entering: Bool) throws {
        let plain = try Self.render(Self.word, entering: entering)
        let marked = try Self.render("\(mark)qxvalue\(mark)qx\(mark)", inCatalogue: Self.word, entering: entering)
        // That page shows no values, and returns them unchanged to the client.
        for (page, other) in zip(marked, plain) where page.name != "form_post" {
            #expect(page.html == other.html, "\(mark.debugDescription), \(page.name)")
        }
    }

    private static func escaped(_ text: String) -> [UInt8] {
        let references: [UInt8: String] = [
            0x22: "&quot;", 0x26: "&amp;", 0x27: "&#39;", 0x3C: "&lt;", 0x3E: "&gt;",
        ]
        return text.utf8.flatMap { references[$0].map { Array($0.utf8) } ?? [$0] }
    }

    @Test(
        "objects, transforms, blocks and partials of a template escape too",
        arguments: [
            "{{a}}", "{{reversed(a)}}", "{{uppercased(a)}}", "{{capitalized(a)}}", "{{o}}", "{{l}}",
            "{{#enumerated(o)}}{{key}}{{value}}{{/enumerated(o)}}", "{{#l}}{{.}}{{/l}}", "{{first(l)}}",
            "{{<outer}}{{$part}}{{a}}{{/part}}{{/outer}}", "{{> inner}}", "{{$part}}{{a}}{{/part}}",
            "\u{E9}{{a}}\u{E9}", "{{! {{{a}} }}{{a}}",
        ])
    func otherTags(_ template: String) throws {
        let pages = try Pages().adding([
            Templates.page("inner", "{{a}}"), Templates.page("outer", "{{$part}}{{/part}}"),
            Templates.page("page", template),
        ])
        for mark in HostileMark.all {
            for (side, text) in mark.texts {
                let values: JSON = [
                    "a": .string(text), "o": .object([.init(text, .string(text))]), "l": [.string(text)],
                ]
                let html = try pages.render("page", values, in: []).html
                let raw = html.filter { [0x22, 0x27, 0x3C, 0x3E].contains($0) }
                #expect(raw.isEmpty && html.count > 4, "\(mark) \(side)")
            }
        }
    }

    @Test(
        "a template that could show an unescaped value is refused, with its line and what to write instead",
        arguments: [
            ("<p>\n{{{name}}}</p>", "2", "'{{{name}}}' shows a value without escaping it; use two braces"),
            ("{{&name}}", "1", "'{{&name}}' shows a value without escaping it"),
            ("\r\n\r\n{{& name}}", "3", "shows a value without escaping it"),
            ("a{{b}}\n\n{{=<% %>=}}<%&name%>", "3", "changes the delimiters"),
            ("{{= | | =}}", "1", "changes the delimiters"), ("{{% CONTENT_TYPE: TEXT}}{{a}}", "1", "is a pragma"),
            ("{{%CONTENT_TYPE:HTML}}", "1", "is a pragma"), ("{{! }} {{{a}}}", "1", "without escaping"),
            ("{{#a}}\n{{^b}}\n{{{c}}}{{/b}}{{/a}}", "3", "without escaping"),
            ("{{<head}}{{$x}}\n{{&a}}{{/x}}{{/head}}", "2", "without escaping"),
            ("\u{600}{{! {{{a}}}", "1", "U+600 is attached to a brace"), ("{\u{301}{a}}", "1", "write it as '&#x301;'"),
            ("a\n{{a}}\u{301}", "2", "U+301 is attached to a brace"),
            ("{{\u{301}{a}}}", "1", "U+301 is attached to a brace"),
            ("<input value={{a}}>", "1", "put quotation marks around it"),
            ("<a title=\"x\"\n href={{a}}/x>", "2", "put quotation marks around it"),
            ("{{#open}}", "1", "expectedSectionEnd"), ("{{>*name}}", "1", "takes the name of a partial from a value"),
            ("\n{{<*name}}{{/*name}}", "2", "takes the name of a partial from a value"),
            ("\n\n{{a", "3", ""),
        ])
    func refused(_ template: String, _ line: String, _ message: String) throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "pages-\(UInt64.random(in: 0 ... .max))")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        try Data(template.utf8).write(to: folder.appending(path: "sign_in.mustache"))
        let inFolder = #expect(throws: Pages.Problem.self) { _ = try Pages(replacedBy: folder.path) }
        #expect(
            inFolder?.description.hasPrefix("\(folder.path)/sign_in.mustache:\(line): ") == true, "\(inFolder as Any)")
        #expect(message.isEmpty || inFolder?.description.contains(message) == true, "\(inFolder as Any)")
        let ofPlugin = #expect(throws: Pages.Problem.self) {
            _ = try Pages().adding([Templates.page("notice", template)])
        }
        #expect(ofPlugin?.description.hasPrefix("the page 'notice':\(line): ") == true, "\(ofPlugin as Any)")
    }

    @Test(
        "templates that include themselves are refused, even through others",
        arguments: [
            ["notice": "{{> notice}}"], ["notice": "{{# a }}{{>notice}}{{/a}}"],
            ["notice": "{{> other}}", "other": "{{<notice}}{{/notice}}"],
            ["notice": "{{> head}}{{> b}}", "b": "{{> c}}", "c": "{{> d}}", "d": "{{> b}}"],
        ])
    func recursion(_ templates: [String: String]) throws {
        let pages = templates.sorted { $0.key < $1.key }.map { Templates.page($0.key, $0.value) }
        let problem = #expect(throws: Pages.Problem.self) { _ = try Pages().adding(pages) }
        #expect(problem?.description.contains("includes itself, so rendering it would never end") == true)
        let folder = FileManager.default.temporaryDirectory.appending(path: "pages-\(UInt64.random(in: 0 ... .max))")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        for (name, template) in templates {
            try Data(template.utf8).write(to: folder.appending(path: "\(name).mustache"))
        }
        #expect(throws: Pages.Problem.self) { _ = try Pages(replacedBy: folder.path) }
    }

    @Test("sections may be nested at most 64 deep", arguments: [64, 65, 100_000])
    func nesting(_ depth: Int) throws {
        let template =
            (0..<depth).map { "{{#s\($0)}}" }.joined() + (0..<depth).reversed().map { "{{/s\($0)}}" }.joined()
        let pages = try Pages()
        if depth <= 64 {
            _ = try pages.adding([Templates.page("notice", template)])
        } else {
            let problem = #expect(throws: Pages.Problem.self) {
                _ = try pages.adding([Templates.page("notice", template)])
            }
            #expect(problem?.description.contains("sections must not be nested more than 64 deep") == true)
        }
    }

    @Test(
        "a plugin's template and its replacement in a folder are both refused",
        arguments: [
            ("<p>{{a}}</p>", "<p {{a}}>"), ("<p {{a}}>", "<p>{{a}}</p>"), ("{{a}}", "{{#a}}"), ("{{&a}}", "{{a}}"),
        ])
    func bothAreChecked(_ replacing: String, _ own: String) throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "pages-\(UInt64.random(in: 0 ... .max))")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        try Data(replacing.utf8).write(to: folder.appending(path: "notice.mustache"))
        #expect(throws: Pages.Problem.self) {
            _ = try Pages(replacedBy: folder.path).adding([Templates.page("notice", own)])
        }
    }

    @Test(
        "harmless look-alikes are accepted",
        arguments: [
            "{{! {{{a}}", "<p>a={{a}}</p>", "<a href=\"?a={{a}}\">", "<input{{#a}} checked{{/a}}>", "a { b } {{a}}",
            "{ {{a}} }", "1 < 2 ={{a}}",
        ])
    func taken(_ template: String) throws {
        _ = try Pages().adding([Templates.page("notice", template)])
    }
}
