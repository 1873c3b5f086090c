// SPDX-License-Identifier: Apache-2.0

@_spi(Host) import GrantKit
import ServerConfiguration
import Testing

@Suite("Settings that are lists of mappings, URLs or secrets")
struct SettingsListTests {
    private struct Place {
        let name: String
        let count: Int64
        let inner: [String]
    }

    private static func read(_ settings: Settings) -> [Place] {
        settings.list("places", atMost: 3, "the places") { place in
            let inner = place.list("inner", "what is in it") { try $0.read("word", example: "w", "a word") }
            let count = place.read("count", default: Int64(1), in: 1...9, "how many")
            return Place(name: try place.read("name", example: "here", "its name"), count: count, inner: inner)
        }
    }

    private func problems(_ settings: JSON) -> String {
        ProblemsOfPlugin(settings) { _ = Self.read($0) }.text
    }

    @Test("the elements are read in their order, with defaults, and without a list there is none")
    func values() {
        let list: JSON = [["name": "a"], ["name": "b", "count": 3, "inner": [["word": "x"], ["word": "y"]]]]
        let places = Self.read(Settings(PluginSettings(["places": list])))
        #expect(places.map(\.name) == ["a", "b"] && places.map(\.count) == [1, 3])
        #expect(places.map(\.inner) == [[], ["x", "y"]])
        #expect(Self.read(Settings(PluginSettings([:]))).isEmpty)
        #expect(problems(["places": list]).isEmpty)
    }

    @Test(
        "every problem of every element names its place",
        arguments: [
            ([["name": "a"], ["name": "b", "count": 10]], "'places[1].count' must be from 1 to 9"),
            ([["name": 3]], "'places[0].name' must be a string"),
            ([[:]], "places[0]: the setting 'name' must be a string: its name"),
            ([["name": "a", "nam": "b"]], "unknown setting 'places[0].nam' of plugin 'mine'"),
            (
                [["name": "a", "inner": [["word": "x"], ["word": 1]]]],
                "'places[0].inner[1].word' must be a string"
            ),
            ([["name": "a", "inner": [["words": "x"]]]], "unknown setting 'places[0].inner[0].words'"),
            ([["name": "a"], "b"], "'places[1]' must be a mapping"), ("a", "'places' must be a list of mappings"),
            (["name": "a"], "'places' must be a list of mappings"),
            (
                [["name": "a"], ["name": "b"], ["name": "c"], ["name": "d"]],
                "'places' must have at most 3 elements, and has 4"
            ),
        ] as [(JSON, String)])
    func places(_ list: JSON, _ expected: String) {
        #expect(problems(["places": list]).contains(expected), "\(problems(["places": list]))")
    }

    @Test("several problems are reported at once, each once")
    func several() {
        let text = problems(["places": [["count": 0], ["name": "b", "count": "many"], ["nam": "c"]]])
        for part in ["'places[0].count'", "places[0]: ", "'places[1].count'", "places[2]: ", "'places[2].nam'"] {
            #expect(text.contains(part), "\(part): \(text)")
        }
        #expect(text.split(separator: "\n").count == 5, "\(text)")
    }

    @Test(
        "the reference has the settings of an element, whether or not the file has one",
        arguments: [nil, [:]] as [JSON?])
    func reference(_ settings: JSON?) {
        let shown = ProblemsOfPlugin(settings) { _ = Self.read($0) }.declarations
        let keys = ["places", "places[].inner", "places[].inner[].word", "places[].count", "places[].name"]
        #expect(shown.map(\.key) == keys)
        #expect(shown.first?.bounds == "at most 3 mappings")
    }

    @Test(
        "a URL is one to which nobody but the owner of its host can listen",
        arguments: [
            ("https://a.example/x", true), ("http://127.0.0.1:80/", true), ("http://localhost/x?y", true),
            ("http://a.example/", false), ("ftp://a.example/", false), ("https://", false), ("/path", false),
            ("https://u:p@a.example/", false), ("com.example.app:/x", false), ("https://a.example/#f", false),
        ])
    func urls(_ url: String, _ isFine: Bool) {
        let text = ProblemsOfPlugin(["url": .string(url)]) { settings in
            _ = try settings.read(url: "url", example: "https://a.example/", "where")
        }.text
        #expect(text.contains("'url' must be an https URL") == !isFine, "\(text)")
    }

    @Test("a secret must have a name that says so, since messages and 'plugins show' hide values by their names")
    func secrets() {
        func text(_ key: String) -> String {
            ProblemsOfPlugin([key: "open-sesame"]) { _ = $0.read(secret: key, "a secret") }.text
        }
        #expect(text("api_secret").isEmpty && text("password").isEmpty)
        #expect(text("token").contains("it reads a secret from the setting 'token', whose name does not say so"))
        let settings = Settings(PluginSettings(["secret": "open-sesame"]))
        #expect(settings.read(secret: "secret", "a secret")?.exposed == "open-sesame")
        #expect(Settings(PluginSettings(["secret": ""])).read(secret: "secret", "a secret") == nil)
        #expect(Settings(PluginSettings([:])).read(secret: "secret", "a secret") == nil)
    }
}
