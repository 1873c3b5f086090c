// SPDX-License-Identifier: Apache-2.0

import AuthorizationServer
import Foundation
@_spi(Host) import GrantKit
import OutsideText
import ServerHTTP
import Support
import Testing

@Suite("Pages show the deployment's name, logo, links and scope strings", .timeLimit(.minutes(10)))
struct BrandingTests {
    private static func pages() throws -> Pages {
        var branding = Branding()
        branding.name = .init(["de": "Klinik <Nord>"], other: "North <Clinic>")
        branding.help = "mailto:help@example.com"
        branding.forgotPassword = "https://id.example.com/forgot?a=1&b=2"
        branding.scopes = [
            .init("write", title: .init(["de": "Schreiben"], other: "Change records"), detail: nil),
            .init("read", title: .init([:], other: "Read records"), detail: .init([:], other: "Appointments.")),
            .init("email", title: .init([:], other: "Your address"), detail: nil),
        ]
        return try Pages(branding: branding)
    }

    private static func html(_ page: String, _ values: JSON, _ language: String = "en") throws -> String {
        var all = values
        all["issuer_host"] = "id.example.com"
        return String(decoding: try pages().render(page, all, in: [language]).html, as: UTF8.self)
    }

    @Test("a name is escaped by bytes, whatever mark is beside its special characters", arguments: HostileMark.all)
    func hostile(_ mark: HostileMark) throws {
        func page(_ name: String) throws -> [UInt8] {
            var branding = Branding()
            branding.name = .init([:], other: name)
            return try Pages(branding: branding).render("sign_in", ["issuer_host": "h.example"]).html
        }
        let plain = Markup.structure(try page("name"))
        for (side, text) in mark.texts { #expect(Markup.structure(try page(text)) == plain, "\(mark) \(side)") }
    }

    @Test("the name and the links are on every page, escaped, in the page's language")
    func brand() throws {
        let page = try Self.html("sign_in", ["action": "/x"])
        #expect(
            page.contains("<bdi>North &lt;Clinic&gt;</bdi>") && page.contains("&#8211; North &lt;Clinic&gt;</title>"))
        #expect(page.contains("id.example.com"), "the name does not hide whose server it is")
        #expect(page.contains(#"<a href="mailto:help@example.com" rel="noreferrer">Help</a>"#))
        #expect(page.contains(#"<a href="https://id.example.com/forgot?a=1&amp;b=2" rel="noreferrer">Forgot"#))
        #expect(try Self.html("sign_in", [:], "de").contains("<bdi>Klinik &lt;Nord&gt;</bdi>"))
        #expect(try !Self.html("error", [:]).contains("Forgot"))
        let plain = String(decoding: try Pages().render("sign_in", ["issuer_host": "h.example"]).html, as: UTF8.self)
        #expect(!plain.contains("<footer>") && !plain.contains("Forgot") && plain.contains("&#8211; h.example</title>"))
    }

    @Test("scopes have the titles and the order of the configuration, after those with the server's own strings")
    func scopes() throws {
        let words = ["unknown", "read", "profile", "email", "openid", "write"]
        let values: JSON = ["scopes": .array(words.map { ["word": .string($0), "required": true] })]
        let page = try Self.html("consent", values)
        let titles = page.matches(of: /<span>\n<bdi>([^<]*)<\/bdi>/).map { String($0.1) }
        #expect(
            titles == [
                "Recognize you", "See your profile", "Change records", "Read records", "Your address", "unknown",
            ])
        #expect(page.contains("<small>Appointments.</small>"))
        #expect(try Self.html("consent", values, "de").contains("<bdi>Schreiben</bdi>"))
    }

    @Test(
        "times are shown in the page's language and the user's time zone, or else in UTC with a note",
        arguments: [
            (1_800_000_000, nil, "en", "15 January 2027, 08:00 UTC"),
            (1_800_000_000, "Europe/Berlin", "en", "15 January 2027, 09:00"),
            (1_800_000_000, "Europe/Berlin", "de", "15. Januar 2027, 09:00"),
            (1_815_000_000, "Europe/Berlin", "de", "8. Juli 2027, 00:40"),
            (1_800_000_000, "Pacific/Kiritimati", "en", "15 January 2027, 22:00"),
            (1_800_000_000, "Nowhere/Land", "en", "15 January 2027, 08:00 UTC"),
            (1_800_000_000, "../../../etc/passwd", "en", "15 January 2027, 08:00 UTC"),
            (0, "", "en", "1 January 1970, 00:00 UTC"), (-1, "UTC", "en", "31 December 1969, 23:59"),
        ] as [(Int64, String?, String, String)])
    func moments(_ seconds: Int64, _ zone: String?, _ language: String, _ text: String) throws {
        let moment = Page.moment(Timestamp(seconds: seconds))
        var values: JSON = ["user": ["name": moment], "scopes": [], "client": ["name": ["deep": [moment]]]]
        values["zone"] = zone.map(JSON.string)
        let template = PageTemplate.at("{{#user.name}}{{text}}|{{machine}}{{/user.name}}")
        let pages = try Pages().adding([template])
        let html = String(decoding: try pages.render("clock", values, in: [language]).html, as: UTF8.self)
        #expect(html == "\(text)|\(Timestamp(seconds: seconds).rfc3339)")
    }

    @Test(
        "a time beyond the range of a calendar never ends the process", arguments: [Int64.min, .max])
    func extremes(_ seconds: Int64) throws {
        let pages = try Pages().adding([PageTemplate.at("{{#when}}{{text}}{{/when}}")])
        let values: JSON = ["when": Page.moment(Timestamp(seconds: seconds)), "zone": "Asia/Tokyo"]
        #expect(!(try pages.render("clock", values, in: []).html.isEmpty))
    }

    @Test(
        "a wait is shown in seconds below one minute and otherwise in whole minutes",
        arguments: [
            (1, "Try again in 1 second."), (59, "Try again in 59 seconds."), (60, "Try again in 1 minute."),
            (61, "Try again in 2 minutes."), (120, "Try again in 2 minutes."), (300, "Try again in 5 minutes."),
        ])
    func waits(_ seconds: Int, _ text: String) throws {
        let page = try Self.html("sign_in", ["problem": "throttled", "retry_after": .integer(Int64(seconds))])
        #expect(page.contains("<p>\(text)</p>"))
    }

    @Test("the type of a logo is detected from its content, and a file that is no image is refused")
    func logos() throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString)
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        func read(_ bytes: [UInt8]) throws -> PageAsset {
            let path = folder.appendingPathComponent("logo").path
            try Data(bytes).write(to: URL(fileURLWithPath: path))
            return try LogoFile.read(path)
        }
        let png: [UInt8] = [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]
        #expect(try read(png).type == "image/png")
        #expect(try read(Array("<?xml version='1.0'?><svg/>".utf8)).type == "image/svg+xml")
        for bytes in [[], Array("<html>".utf8), png + [UInt8](repeating: 0, count: 256 << 10)] {
            #expect(throws: Pages.Problem.self) { try read(bytes) }
        }
        #expect(throws: Pages.Problem.self) { try LogoFile.read(folder.path + "/none") }
    }
}

extension PageTemplate {
    fileprivate static func at(_ template: String) -> PageTemplate {
        var registry = Registry()
        registry.add(page: "clock", template: template, texts: [:])
        return registry.pages[0]
    }
}
