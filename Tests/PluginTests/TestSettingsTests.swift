// SPDX-License-Identifier: Apache-2.0

@_spi(Host) import GrantKit
@_spi(Host) import GrantKitTesting
import Testing

@Suite("Settings for tests of a plugin", .timeLimit(.minutes(10)))
struct TestSettingsTests {
    private func places(_ settings: Settings) -> [String] {
        settings.list("places", atMost: 2, "places") { place in
            let width = place.read("width", default: 1, in: 1...9, "how wide it is")
            let name = try place.read("name", example: "here", "what it is called")
            return "\(name) \(width)"
        }
    }

    @Test("values are read as from the configuration, with their defaults")
    func reads() throws {
        let places: JSON = [["name": "a"], ["name": "b", "width": 9]]
        let given = TestSettings(["series": "spring", "life": "2m", "places": places])
        let series = try given.settings.read("series", example: "autumn", "the series")
        #expect(series == "spring")
        #expect(given.settings.read("life", default: Duration.seconds(60), "how long it lives") == .seconds(120))
        #expect(given.settings.read("other", default: true, "something else"))
        #expect(self.places(given.settings) == ["a 1", "b 9"])
        #expect(given.problems.isEmpty)
        #expect(throws: ConfigurationError.self) {
            _ = try given.settings.read("none", example: "x", "what is missing")
        }
    }

    @Test("problems are kept in their order, also those in a list")
    func reports() {
        let given = TestSettings(["life": "soon", "places": [["name": "a", "width": 10], ["width": 2]]])
        #expect(given.settings.read("life", default: Duration.seconds(60), "how long it lives") == .seconds(60))
        #expect(places(given.settings) == ["a 1"])
        #expect(given.problems.count == 3, "\(given.problems)")
        for (problem, part) in zip(given.problems, ["'life'", "'places[0].width'", "places[1]: "]) {
            #expect(problem.contains(part))
        }
    }

    @Test("what is no list of mappings, or too long, is a problem", arguments: ["a", [1], [[:], [:], [:]]] as [JSON])
    func checksList(_ list: JSON) {
        let given = TestSettings(["places": list])
        #expect(places(given.settings).isEmpty && given.problems.count == 1, "\(given.problems)")
    }

    @Test("the settings that a plugin reads are known, also those in the elements of a list")
    func records() throws {
        let given = TestSettings(["series": "spring"])
        _ = try given.settings.read("series", example: "autumn", "the series")
        _ = places(given.settings)
        _ = given.settings.read(secret: "password", "what nobody sees")
        let all = given.declarations
        #expect(all.map(\.key) == ["series", "places", "places[].width", "places[].name", "password"])
        #expect(all.map { $0.fallback == nil } == [true, false, false, true, false])
        #expect(all.map(\.isSecret) == [false, false, false, false, true])
        #expect(given.problems.isEmpty)
    }

    @Test("the attributes that a plugin declares are known by name")
    func declares() {
        let given = TestSettings()
        _ = given.settings.clientAttribute("discount", under: "voucher", default: Int64(0), "percent off")
        _ = given.settings.grantAttribute("region", default: "any", "where tokens may be used")
        #expect(given.attributes == ["discount", "region"])
    }
}
