// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

@Suite("The links and exports of the built files", .timeLimit(.minutes(10)))
struct LinkageTests {
    private static let plugins = PackagePlugin.all.map(\.id)
    private static let images = ["grantor", "libGrantKit.so"] + plugins.map { "lib\($0).so" }

    private func shell(_ line: String) async throws -> String {
        try await Folder.with { try Command.shell(line, in: $0).output }
    }

    @Test("a plugin exports the two functions of the handshake and nothing else", arguments: plugins)
    func exports(_ id: String) async throws {
        let name = id.replacing("-", with: "_")
        let symbols = try await shell(
            "nm -D --defined-only '\(Build.products)/lib\(id).so' | awk '$2 ~ /[A-Z]/ {print $3}' | sort")
        #expect(symbols == "\(name)_plugin_abi\n\(name)_plugin_make\n")
    }

    @Test("no type of the kit is defined in two images, and no image contains its own Swift runtime")
    func oneKit() async throws {
        for image in LinkageTests.images where image != "libGrantKit.so" {
            let path = "\(Build.products)/\(image)"
            let defined = try await shell(
                "nm --defined-only '\(path)' 2>/dev/null | awk '{print $3}' | grep -E '^\\$s8GrantKit.*Mn$' | head -3")
            #expect(defined.isEmpty, "\(image) defines types of the kit: \(defined)")
            let needed = try await shell("readelf -d '\(path)' | grep NEEDED")
            #expect(needed.contains("libGrantKit.so") && needed.contains("libswiftCore.so"), "\(image)")
        }
        let kit = try await shell("nm -D --defined-only '\(Build.products)/libGrantKit.so' | grep -c 'Mn$'")
        #expect((Int(kit.trimmingCharacters(in: .whitespacesAndNewlines)) ?? 0) > 30)
    }

    @Test("the handshake can be read from a stripped file", arguments: plugins)
    func stripped(_ id: String) async throws {
        let sections = try await shell(
            "cp '\(Build.products)/lib\(id).so' a.so && strip -s a.so && readelf -S -W a.so | grep -c grantor_abi")
        #expect(sections == "1\n")
        let kit = try await shell("readelf -S -W '\(Build.products)/libGrantKit.so' | grep -c grantor_abi")
        #expect(kit == "0\n", "the kit is no plugin")
    }

    @Test(
        "only the plugins of the stores link SQLite and libpq, and no plugin links OpenSSL or libyaml",
        arguments: plugins)
    func libraries(_ id: String) async throws {
        let needed = try await shell("readelf -d '\(Build.products)/lib\(id).so' | grep NEEDED")
        #expect(needed.contains("libsqlite3") == (id == "sqlite-store"))
        #expect(needed.contains("libpq.") == (id == "postgres-store"))
        #expect(!needed.contains("libcrypto") && !needed.contains("libyaml"))
    }
}
