// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

@testable import PluginScaffold

@Suite("The kit of a new plugin", .timeLimit(.minutes(10)))
struct KitFolderTests {
    /// Makes a folder that looks like the kit.
    private func make(_ path: String) throws {
        try FileManager.default.createDirectory(
            atPath: "\(path)/Testing", withIntermediateDirectories: true)
        for file in ["Package.swift", "Testing/Package.swift"] {
            try Data().write(to: URL(fileURLWithPath: "\(path)/\(file)"))
        }
    }

    @Test("is named by its own path or by that of the server's repository")
    func named() async throws {
        try await Repository.inFolder { folder in
            try make("\(folder)/server/Sources/GrantKit")
            for name in [
                "\(folder)/server", "\(folder)/server/", "\(folder)/server/Sources/GrantKit", "\(folder)/./server",
            ] {
                #expect(try KitFolder(named: name).path == "\(folder)/server/Sources/GrantKit")
            }
            let error = #expect(throws: ScaffoldError.self) { try KitFolder(named: folder) }
            #expect(error?.description.contains("Sources/GrantKit") == true)
        }
    }

    @Test("is found above the program, or the message says how to get it")
    func above() async throws {
        try await Repository.inFolder { folder in
            try make("\(folder)/server/Sources/GrantKit")
            let program = "\(folder)/server/.build/debug/grantor"
            #expect(try KitFolder(above: program).path == "\(folder)/server/Sources/GrantKit")
            let error = #expect(throws: ScaffoldError.self) { try KitFolder(above: "\(folder)/elsewhere/bin/grantor") }
            #expect(error?.description.contains("clone it, and add --kit") == true)
        }
    }

    @Test(
        "is named by a relative path only below the folder of the package",
        arguments: [
            ("/w/badge", "/w/server/Sources/GrantKit", "../server/Sources/GrantKit"),
            ("/w/badge", "/w/badge/server/Sources/GrantKit", "server/Sources/GrantKit"),
            ("/w/badge", "/w/badge-kit/Sources/GrantKit", "../badge-kit/Sources/GrantKit"),
            ("/w/badge", "/v/server/Sources/GrantKit", "/v/server/Sources/GrantKit"),
            ("/w/plugins/badge", "/w/server/Sources/GrantKit", "/w/server/Sources/GrantKit"),
            ("/badge", "/server/Sources/GrantKit", "/server/Sources/GrantKit"),
            ("/w 1/badge", "/w 1/a \"b\" é/Sources/GrantKit", "../a \"b\" é/Sources/GrantKit"),
        ])
    func relative(_ package: String, _ kit: String, _ path: String) {
        #expect(KitFolder(path: kit).path(from: package) == path)
    }

    @Test("cannot be used from a folder of the same name, which SwiftPM could not tell apart")
    func identity() {
        let kit = KitFolder(path: "/w/server/Sources/GrantKit")
        #expect(!kit.canBeUsed(from: "/x/grantkit") && kit.canBeUsed(from: "/x/grant-kit"))
    }
}
