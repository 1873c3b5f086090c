// SPDX-License-Identifier: Apache-2.0

@_spi(Host) import GrantKit
import GrantKitTesting
import OutsideText

/// Parameters of requests to grants from the command line.
struct ParameterWords {
    private let words: [(grant: String?, name: String, value: String)]

    /// Reads words such as `badge-grant.badge=7`; without a grant, they are for the only one of the plugin.
    ///
    /// - Throws: `Failure` for a word without a value.
    init(_ words: [String]) throws {
        self.words = try words.map { word in
            guard let (place, value) = word.raw.cut(at: "="), !place.isEmpty else {
                throw Failure("'--with \(ShownText.onOneLine(word))' has no value; write 'grant.parameter=value'")
            }
            guard let (grant, name) = place.cut(atLast: ".") else { return (nil, place.string, value.string) }
            return (grant.string, name.string, value.string)
        }
    }

    /// A plugin whose requests have the parameters.
    ///
    /// - Throws: `Failure` if the plugin has no such grant, or the grant no such parameter.
    func applied(to plugin: PluginUnderTest, with registry: Registry) throws -> PluginUnderTest {
        let places = try words.map { try declaration($0.grant, in: registry).wire }
        var plugin = plugin
        for grant in registry.grants {
            let own = zip(places, words).filter { $0.0 == grant.declaration.wire }.map(\.1)
            let declared = (grant.parameters + registry.tokenFilters.flatMap(\.parameters)).map(\.name)
            for word in own where !declared.contains(word.name) && !["scope", "audience"].contains(word.name) {
                throw Failure(
                    "the grant '\(grant.declaration.key)' has no parameter '\(ShownText.onOneLine(word.name))'; it has "
                        + declared.joined(separator: ", "))
            }
            guard !own.isEmpty else { continue }
            plugin = plugin.accepting(grant.declaration.wire, with: Parameters(own.map { ($0.name, $0.value) }))
        }
        return plugin
    }

    private func declaration(_ name: String?, in registry: Registry) throws -> GrantDeclaration {
        let all = registry.grants.map(\.declaration)
        let found = all.filter { grant in
            name.map { [grant.wire, grant.key].contains($0) || grant.aliases.contains($0) } ?? (all.count == 1)
        }
        guard let grant = found.first else {
            let known = all.isEmpty ? "the plugin has no grant" : "it has \(all.map(\.key).joined(separator: ", "))"
            throw Failure("'--with' must name a grant of the plugin, as in 'grant.parameter=value'; \(known)")
        }
        return grant
    }
}
