// SPDX-License-Identifier: Apache-2.0

import GrantKit
@_spi(Host) import GrantKitTesting

/// Faults that any plugin can have, and plugins without one.
enum PluginMutants {
    private static let names = "its names are words, and none of them is the server's"
    private static let settings = "each setting has a purpose and a key in snake case"
    private static let wrong = "a wrong setting is a problem with the configuration, and nothing worse"
    private static let quiet = "it does no input or output before it starts"

    // MARK: without a fault

    static let sound: [(name: String, plugin: PluginUnderTest)] = [
        ("adds nothing", ClosurePlugin.underTest { _, _, _ in }),
        (
            "many settings",
            ClosurePlugin.underTest(settings: ["series": "spring", "url": "https://a.example"], readAll)
        ),
        (
            "reads the store in start",
            ClosurePlugin.underTest { plugin, _, host in
                plugin.add = { $0.add(collection: ClosurePlugin.collection) }
                plugin.begin = { _ = try await host.store.read(ClosurePlugin.collection.key("a")) }
            }
        ),
    ]

    private static let readAll: @Sendable (inout ClosurePlugin, Settings, any PluginHost) throws -> Void = {
        _, settings, _ in
        let series = try settings.read("series", example: "autumn", "the series")
        guard series.utf8.count < 100 else { throw ConfigurationError("'series' is too long", at: "series") }
        _ = try settings.read(url: "url", example: "https://b.example", "where it is")
        _ = settings.read("life", default: .seconds(60), in: .seconds(1)...(.seconds(3600)), "how long it lives")
        _ = settings.read("width", default: 1, in: 1...9, "how wide it is")
        _ = settings.read("words", default: ["a"], "what it says")
        _ = settings.read(secret: "secret", "what nobody sees")
        _ = settings.list("places", atMost: 3, "where it is found") { place in
            _ = place.read("deep", default: false, "whether it is deep")
            return try place.read("name", example: "here", "what the place is called")
        }
        _ = settings.clientAttribute("discount", under: "closure", default: Int64(0), "percent off")
    }

    // MARK: with one

    static let all: [Mutant] = ofNames + ofSettings + ofLife

    private static let ofNames: [Mutant] = [
        Mutant(
            "its id has a space", breaks: "its id is a word, and it has a summary", says: "'My Plugin' is not a word",
            PluginUnderTest(PluginManifest(id: "My Plugin", summary: "is tested", specification: "")) { _, _ in
                ClosurePlugin()
            }),
        Mutant(
            "it has no summary", breaks: "its id is a word, and it has a summary", says: "has no summary",
            PluginUnderTest(PluginManifest(id: "mine", summary: "", specification: "")) { _, _ in ClosurePlugin() }),
        Mutant(
            "a collection has a space", breaks: names, says: "the collection 'my records' is not a word",
            ClosurePlugin.underTest { plugin, _, _ in
                plugin.add = { $0.add(collection: StoreCollection("my records")) }
            }),
        Mutant(
            "an index has a quotation mark", breaks: names, says: "is not a word",
            ClosurePlugin.underTest { plugin, _, _ in
                plugin.add = { $0.add(collection: StoreCollection("mine", indexes: ["a\"b"])) }
            }),
        Mutant(
            "a collection is the server's", breaks: names, says: "the collection 'session' is the server's own",
            ClosurePlugin.underTest { plugin, _, _ in
                plugin.add = { $0.add(collection: StoreCollection("session")) }
            }),
        Mutant(
            "a client attribute is the server's", breaks: names, says: "the client attribute 'scope' is the server's",
            ClosurePlugin.underTest { _, settings, _ in
                _ = settings.clientAttribute("scope", default: "", "what is read")
            }),
        Mutant(
            "an attribute of grants is the server's", breaks: names, says: "'token_format' is the server's own",
            ClosurePlugin.underTest { _, settings, _ in
                _ = settings.grantAttribute("token_format", default: "", "what is read")
            }),
    ]

    private static let ofSettings: [Mutant] = [
        Mutant(
            "a key is in camel case", breaks: settings, says: "'maxSize' is not in snake case",
            ClosurePlugin.underTest { _, settings, _ in
                _ = settings.read("maxSize", default: Int64(1), "how large it is")
            }),
        Mutant(
            "a key in a list is in camel case", breaks: settings, says: "'maxSize' is not in snake case",
            ClosurePlugin.underTest { _, settings, _ in
                _ = settings.list("places", "where it is found") { place in
                    place.read("maxSize", default: Int64(1), "how large it is")
                }
            }),
        Mutant(
            "a setting is read twice with different bounds", breaks: settings, says: "'size' is read twice",
            ClosurePlugin.underTest { _, settings, _ in
                _ = settings.read("size", default: Int64(1), in: 1...9, "how large it is")
                _ = settings.read("size", default: Int64(1), in: 1...10, "how large it is")
            }),
        Mutant(
            "a key is reserved", breaks: settings, says: "reserved for references",
            ClosurePlugin.underTest { _, settings, _ in _ = settings.read("file", default: "", "where it is") }),
        Mutant(
            "a setting has no purpose", breaks: settings, says: "'size' has no purpose",
            ClosurePlugin.underTest { _, settings, _ in _ = settings.read("size", default: Int64(1), "") }),
        Mutant(
            "a secret is not named so", breaks: settings, says: "its key does not say so",
            ClosurePlugin.underTest { _, settings, _ in _ = settings.read(secret: "key", "what it signs with") }),
        Mutant(
            "a wrong value makes it throw an error of its own", breaks: wrong, says: "throw ConfigurationError",
            ClosurePlugin.underTest { _, settings, _ in
                let path = settings.read("path", default: "/", "where it is")
                guard path.utf8.first == UInt8(ascii: "/") else { throw Faults.OwnError() }
            }),
        Mutant(
            "it is made without what is required", breaks: "it is not made without a setting that is required",
            says: "is made without it",
            ClosurePlugin.underTest(settings: ["series": "spring"]) { _, settings, _ in
                _ = try? settings.read("series", example: "autumn", "the series")
            }),
    ]

    private static let ofLife: [Mutant] = [
        Mutant(
            "it records an event before it starts", breaks: quiet, says: "records the event",
            ClosurePlugin.underTest { _, _, host in host.events.record(Event(.started)) }),
        Mutant(
            "it logs an error instead of throwing one", breaks: quiet, says: "logs the error 'wrong'",
            ClosurePlugin.underTest { _, _, host in host.log.error("wrong") }),
        Mutant(
            "it counts its instances", breaks: "it adds the same each time it is made, also beside a hundred others",
            says: "depend only on its settings", counting),
        Mutant(
            "it cannot start before its predecessor stops",
            breaks: "it starts and stops, and starts before its predecessor stops", says: "does not start", alone),
        Mutant(
            "it starts although the store fails", breaks: "if the store fails while it starts, it does not start",
            says: "it started nevertheless",
            ClosurePlugin.underTest { plugin, _, host in
                plugin.add = { $0.add(collection: ClosurePlugin.collection) }
                plugin.begin = { _ = try? await host.store.read(ClosurePlugin.collection.key("a")) }
            }),
    ]

    private static var counting: PluginUnderTest {
        let count = Kept(0)
        return ClosurePlugin.underTest { plugin, _, _ in
            count.change { $0 += 1 }
            let name = "closure_\(count.value)"
            plugin.add = { $0.add(collection: StoreCollection(name)) }
        }
    }

    private static var alone: PluginUnderTest {
        let running = Kept(0)
        return ClosurePlugin.underTest { plugin, _, _ in
            plugin.begin = {
                guard running.value == 0 else { throw Faults.OwnError() }
                running.change { $0 += 1 }
            }
            plugin.end = { running.change { $0 = 0 } }
        }
    }
}
