// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

@testable import PluginScaffold

@Suite("The id of a new plugin", .timeLimit(.minutes(10)))
struct PluginIDTests {
    @Test(
        "decides the names in source files",
        arguments: [
            ("badge-grant", "BadgeGrant", "badge_grant", "badgeGrant"), ("new-2fa", "New2fa", "new_2fa", "new2fa"),
            ("a", "APlugin", "a", "a"), ("self", "SelfPlugin", "self", "self"), ("any", "AnyPlugin", "any", "any"),
            ("string", "StringPlugin", "string", "string"), ("testing", "TestingPlugin", "testing", "testing"),
            ("token-grant", "TokenGrantPlugin", "token_grant", "tokenGrant"),
            ("grant-kit", "GrantKitPlugin", "grant_kit", "grantKit"), ("x-1-y", "X1Y", "x_1_y", "x1Y"),
        ])
    func names(_ row: (id: String, module: String, symbol: String, function: String)) throws {
        let id = try PluginID(row.id)
        #expect(id.module == row.module && id.symbol == row.symbol && id.function == row.function)
    }

    @Test(
        "has only lower-case letters, digits and single hyphens, and begins with a letter",
        arguments: [
            "", "-", "-a", "a-", "a--b", "Badge", "badge_grant", "2fa", "a b", "a.b", "../a", "é", "a\u{301}",
            "\u{212A}elvin", "a\n", "a\u{0}", "--kind", "a/b",
        ])
    func refused(_ text: String) {
        let error = #expect(throws: ScaffoldError.self) { try PluginID(text) }
        #expect(error?.description.contains("as in 'badge-grant'") == true)
    }

    @Test("has a limit, which the message says")
    func long() throws {
        _ = try PluginID(String(repeating: "a", count: PluginID.longest))
        let error = #expect(throws: ScaffoldError.self) {
            try PluginID(String(repeating: "a", count: PluginID.longest + 1))
        }
        #expect(error?.description.contains("65 bytes; choose one with at most 64") == true)
    }

    @Test("whatever it is, its names are identifiers of Swift and C")
    func generated() {
        var (accepted, refused) = (0, 0)
        for _ in 0..<5000 {
            let text = String((0..<Int.random(in: 1...12)).compactMap { _ in "ab-z09-A_é".randomElement() })
            let isID = text.wholeMatch(of: /[a-z][a-z0-9]*(-[a-z0-9]+)*/) != nil
            let id = try? PluginID(text)
            #expect((id != nil) == isID, "\(text)")
            guard let id else {
                refused += 1
                continue
            }
            accepted += 1
            #expect(id.module.wholeMatch(of: /[A-Z][A-Za-z0-9]*/) != nil, "\(text)")
            #expect(!["Any", "Self", "Type", "Protocol"].contains(id.module), "\(text)")
            #expect(id.symbol.wholeMatch(of: /[a-z][a-z0-9_]*/) != nil, "\(text)")
            #expect(id.function.wholeMatch(of: /[a-z][A-Za-z0-9]*/) != nil, "\(text)")
        }
        #expect(accepted > 100 && refused > 100)
    }

    @Test("does not give the plugin's type the name of a type that its files use")
    func reserved() throws {
        let kit = "\(Repository.root)/Sources/GrantKit"
        let interface = try String(contentsOfFile: "\(kit)/interface.txt", encoding: .utf8)
        var names = interface.matches(of: /\npublic [a-z ]*(?:struct|class|enum|protocol) ([A-Za-z]+)/).map {
            String($0.1)
        }
        let testing = "\(kit)/Testing/Sources/GrantKitTesting"
        let files = FileManager.default.enumerator(atPath: testing)?.compactMap { $0 as? String } ?? []
        for file in files where file.hasSuffix(".swift") {
            let source = try String(contentsOfFile: "\(testing)/\(file)", encoding: .utf8)
            names += source.matches(of: /\npublic (?:final )?(?:struct|class|enum|protocol) ([A-Za-z]+)/).map {
                String($0.1)
            }
        }
        // Names of one word are never used, and no id becomes a name such as 'JSONError'.
        let several = names.filter { $0.wholeMatch(of: /[A-Z][a-z0-9]+([A-Z][a-z0-9]*)+/) != nil }
        #expect(several.count > 90)
        let missing = several.filter { !ReservedNames.contain($0) }
        #expect(missing.isEmpty, "add them to Sources/PluginScaffold/Templates/reserved-names.txt")
    }
}
