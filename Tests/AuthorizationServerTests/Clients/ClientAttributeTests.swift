// SPDX-License-Identifier: Apache-2.0

@_spi(Host) import GrantKit
import ServerConfiguration
import Testing

@Suite("Attributes of clients have a level and a kind", .timeLimit(.minutes(10)))
struct ClientAttributeTests {
    /// A type of a plugin.
    private struct Even: SettingValue {
        static let expectation = "an even number"
        let number: Int64

        init(_ number: Int64) { self.number = number }

        init?(setting: JSON) {
            guard let number = setting.integer, number.isMultiple(of: 2) else { return nil }
            self.number = number
        }

        var setting: JSON { .integer(number) }
    }

    private let source = PluginSettings(nil)

    @Test("an attribute is read at its own level, and has its default elsewhere")
    func readsLevel() {
        let settings = Settings(source)
        let document: JSON = [
            "flag": true, "auth": ["code": ["flag": false, "life": 60], "other": ["life": 90, "flag": "no"]],
        ]
        let client = Client(id: "app", isPublic: true, grants: [], scope: [], document: document)
        #expect(client[settings.clientAttribute("flag", default: false, "")])
        #expect(!client[settings.clientAttribute("flag", under: "code", default: true, "")])
        #expect(client[settings.clientAttribute("flag", under: "other", default: true, "")], "of another kind")
        #expect(client[settings.clientAttribute("flag", under: "none", default: true, "")])
        let life = settings.grantAttribute("life", default: Int64(30), "")
        #expect(client[life, under: "code"] == 60 && client[life, under: "other"] == 90)
        #expect(client[life, under: "none"] == 30)
        let levels: [AttributeLevel] = [.client, .grant("code"), .grant("other"), .grant("none"), .everyGrant]
        #expect(source.attributes.map(\.level) == levels)
    }

    @Test("the kinds of the kit are checked without the plugin, and a type of the plugin is asked")
    func checksKinds() throws {
        let settings = Settings(source)
        let minutes = Duration.seconds(60)...Duration.seconds(120)
        _ = settings.clientAttribute("bool", default: false, "")
        _ = settings.clientAttribute("string", default: "", "")
        _ = settings.clientAttribute("strings", default: ["none"], "")
        _ = settings.clientAttribute("integer", default: Int64(1), "")
        _ = settings.clientAttribute("duration", default: Duration.zero, "")
        _ = settings.grantAttribute("minutes", default: .seconds(60), in: minutes, "")
        _ = settings.grantAttribute("word", default: "K", among: ["K", "L"], "")
        let examples: [(right: JSON, wrong: JSON)] = [
            (true, "true"), ("a", ["a"]), (["a"], 1), (5, "5"), ("90d", "90x"), (60, "3m"), ("L", "\u{212A}"),
        ]
        let declared = source.attributes
        try #require(declared.count == examples.count)
        for (attribute, example) in zip(declared, examples) {
            #expect(attribute.kind.accepts(example.right) == true && attribute.problem(with: example.right) == nil)
            #expect(attribute.kind.accepts(example.wrong) == false && attribute.problem(with: example.wrong) != nil)
        }
        _ = settings.grantAttribute("even", default: Even(0), "")
        let even = try #require(source.attributes.last)
        #expect(even.kind.accepts(4) == nil && even.problem(with: 4) == nil && !even.isCheckedByPlugin)
        #expect(even.problem(with: 5) == "must be an even number" && even.problem(with: "4") != nil)
    }

    @Test("the reference says what is taken")
    func says() {
        let settings = Settings(source)
        _ = settings.clientAttribute("a", default: .seconds(60), in: .seconds(60)...(.seconds(7200)), "")
        _ = settings.clientAttribute("b", default: "x", among: ["x", "y"], "")
        _ = settings.grantAttribute("c", default: Even(0), "")
        let words = ["a duration such as 90s, 15m, 12h or 30d, from 1m to 2h", "one of x, y", "an even number"]
        #expect(source.attributes.map(\.expectation) == words)
    }
}
