// SPDX-License-Identifier: Apache-2.0

import Foundation
import GrantKit
import OutsideText
import ServerHTTP
import Support
import Testing

@testable import AuthorizationServer

@Suite("Pages are in the user's language", .timeLimit(.minutes(10)))
struct LanguageTests {
    private static func catalogue(_ language: String) throws -> [String: String] {
        let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().deletingLastPathComponent()
        let text = try String(
            contentsOf: root.appendingPathComponent("Sources/ServerHTTP/Pages/text/\(language).json"), encoding: .utf8)
        let members = try JSON(parsing: text).members
        #expect(Set(members.map(\.name)).count == members.count, "no key is repeated")
        return Dictionary(uniqueKeysWithValues: members.map { ($0.name, $0.value.string ?? "") })
    }

    @Test("each language has every text, and none is copied from another language")
    func complete() throws {
        let (english, german) = (try Self.catalogue("en"), try Self.catalogue("de"))
        #expect(Set(english.keys) == Set(german.keys))
        #expect(german.values.allSatisfy { !$0.isEmpty })
        let same = english.keys.filter { english[$0] == german[$0] }
        #expect(Set(same) == ["direction", "problem", "client_uri"])
    }

    @Test("the German strings are polite and use German quotation marks")
    func tone() throws {
        for (key, text) in try Self.catalogue("de") {
            #expect(text.firstMatch(of: /\b([Dd]u|[Dd]ein\w*|[Dd]ich|[Dd]ir)\b/) == nil, "\(key)")
            #expect(!text.contains("\"") && !text.contains("'") && !text.contains(" - "), "\(key)")
        }
    }

    @Test(
        "the browser's languages are taken by weight, then in order",
        .clause("RFC 9110 section 12.5.4"),
        arguments: [
            ("de", ["de"]), ("en;q=0.5, de", ["de", "en"]), ("de-AT,de;q=0.9,en;q=0.8", ["de-AT", "de", "en"]),
            ("de;q=0, en;q=0.1", ["en"]), ("fr, de", ["fr", "de"]), ("de;q=0.123;x=1, en", ["en"]), ("*", []),
            ("de;q=2, en", ["en"]), ("de;q=1.001", []), ("de;q=", []), ("", []), (";;;,,,", []), ("d\u{fc}", []),
            ("en;Q=0.2 , de ; q=0.3", ["de", "en"]), ("de--AT, 1de, x-de, en", ["en"]),
        ])
    func accepted(_ header: String, _ languages: [String]) {
        let head = RequestHead(method: "GET", path: "/", headers: [("accept-language", header)])
        #expect(Languages.accepted(by: head) == languages)
    }

    @Test(
        "a language tag is a language of letters with subtags of letters and digits",
        arguments: [
            ("de", true), ("DE", true), ("pt-BR", true), ("zh-Hant-TW", true), ("es-419", true), ("gsw-u-sd", true),
            ("", false), ("d", false), ("x-de", false), ("1de", false), ("de-", false), ("-de", false),
            ("de--AT", false), ("de_AT", false), ("abcdefgh", true), ("abcdefghi", false), ("de-abcdefghi", false),
            ("d\u{e9}", false), ("de-\u{212A}", false), ("de\u{0}", false),
            ("de-12345678-12345678-12345678-12345", true), ("de-12345678-12345678-12345678-123456", false),
        ])
    func tags(_ text: String, _ isTag: Bool) {
        #expect(text.raw.isLanguageTag == isTag)
    }

    @Test(
        "a page uses the first available language: from the request, from the browser, or English",
        .clause("OpenID Connect Core section 3.1.2.1"),
        arguments: [
            (nil, nil, "en"), (nil, "de-CH, en;q=0.5", "de"), (nil, "en, de", "en"), (nil, "fr, it;q=0.5", "en"),
            ("de", "en", "de"), ("de-AT en", nil, "de"), ("en de", "de", "en"), ("tlh DE", nil, "de"),
            ("tlh", "de", "de"), ("../../x", "de", "de"),
        ] as [(String?, String?, String)])
    func picked(_ asked: String?, _ accepted: String?, _ language: String) async throws {
        let server = try await Demo.server()
        let query = Demo.request([("ui_locales", asked)]).map { "\(Form.encode($0.0))=\(Form.encode($0.1))" }
        let page = await server.send(
            "GET", "/auth/authorize", query: query.joined(separator: "&"),
            headers: accepted.map { [("accept-language", $0)] } ?? [])
        #expect(page.heading == (language == "de" ? "Anmelden" : "Sign in"))
        #expect(page.html.contains("<html lang=\"\(language)\""))
        #expect(page.header("content-language") == language && page.header("vary") == "Accept-Language")
    }

    @Test("the language that a client asked for applies to all pages of its request")
    func stays() async throws {
        let server = try await Demo.server()
        let browser = Browser(server)
        let page = await browser.authorize(Demo.request([("ui_locales", "de"), ("response_mode", "form_post")]))
        let again = await browser.signIn(page, "ann", "wrong")
        #expect(again.html.contains("Der Benutzername oder das Passwort stimmt nicht."))
        let consent = await browser.signIn(again)
        #expect(consent.heading == "Zugriff auf Ihr Konto erlauben?" && consent.html.contains("Ihr Profil sehen"))
        #expect(await browser.allow(consent).heading == "Sie werden zurückgeleitet")
    }

    @Test("errors are in the language of the browser")
    func errors() async throws {
        let server = try await Demo.server()
        let page = await server.send(
            "GET", "/auth/authorize", query: "client_id=nobody", headers: [("accept-language", "de")])
        #expect(page.heading == "Unbekannte Anwendung" && page.status == 400)
    }

    @Test("the metadata lists the languages, and none where there are no pages", .clause("RFC 8414 section 2"))
    func metadata() async throws {
        let path = "/.well-known/oauth-authorization-server"
        let server = try await Demo.server()
        #expect(await server.send("GET", path).json["ui_locales_supported"] == ["en", "de"])
        let bare = try await TestServer(
            [.init(Plugins.memoryStore), .init(Plugins.opaqueToken), .init(Plugins.clientCredentials)], clients: [])
        #expect(await bare.send("GET", path).json["ui_locales_supported"] == nil)
    }

    @Test("a folder can add languages; missing strings are in English")
    func folder() throws {
        let folder = "/tmp/grantor-texts-\(UUID().uuidString)"
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try FileManager.default.createDirectory(atPath: "\(folder)/text", withIntermediateDirectories: true)
        try #"{"direction": "rtl", "sign_in_title": "כניסה"}"#.write(
            toFile: "\(folder)/text/he.json", atomically: true, encoding: .utf8)
        try #"{"sign_in_title": "Einloggen"}"#.write(
            toFile: "\(folder)/text/de.json", atomically: true, encoding: .utf8)
        try "no language".write(toFile: "\(folder)/text/x y.json", atomically: true, encoding: .utf8)
        #expect(Pages.languages(in: folder) == ["en", "de", "he"])
        let pages = try Pages(replacedBy: folder)
        let hebrew = try pages.render("sign_in", [:], in: ["he-IL"])
        let html = String(decoding: hebrew.html, as: UTF8.self)
        #expect(hebrew.language == "he" && html.contains("lang=\"he\" dir=\"rtl\"") && html.contains("<h1>כניסה</h1>"))
        #expect(html.contains("Password"))
        let german = String(decoding: try pages.render("sign_in", [:], in: ["de"]).html, as: UTF8.self)
        #expect(german.contains("<h1>Einloggen</h1>") && german.contains("Passwort"))
        try "[]".write(toFile: "\(folder)/text/fr.json", atomically: true, encoding: .utf8)
        #expect(throws: Pages.Problem.self) { try Pages(replacedBy: folder) }
    }

    @Test(
        "two files for one language are an error that names both, whatever their case",
        arguments: [
            ("pt-BR", "pt-br"), ("zh-Hant-TW", "ZH-hant-tw"), ("de", "DE"), ("En", "EN"), ("gsw-u-sd", "gsw-U-SD"),
        ])
    func twice(_ tags: (String, String)) throws {
        let folder = "/tmp/grantor-texts-\(UUID().uuidString)"
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try FileManager.default.createDirectory(atPath: "\(folder)/text", withIntermediateDirectories: true)
        try "{}".write(toFile: "\(folder)/text/\(tags.0).json", atomically: true, encoding: .utf8)
        _ = try Pages(replacedBy: folder)
        try "{}".write(toFile: "\(folder)/text/\(tags.1).json", atomically: true, encoding: .utf8)
        let problem = #expect(throws: Pages.Problem.self) { try Pages(replacedBy: folder) }
        for tag in [tags.0, tags.1] { #expect(problem?.description.contains("'text/\(tag).json'") == true) }
    }
}
