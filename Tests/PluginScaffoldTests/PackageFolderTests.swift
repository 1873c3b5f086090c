// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

@testable import PluginScaffold

@Suite("The folder of a new package", .timeLimit(.minutes(10)))
struct PackageFolderTests {
    private func files(_ mark: String = "x") -> [PackageTemplate.File] {
        ["Package.swift", "Sources/A/A.swift", "README.md"].map {
            .init(path: $0, content: Array("\($0) \(mark)".utf8))
        }
    }

    private func content(_ path: String) -> String? {
        try? String(contentsOfFile: path, encoding: .utf8)
    }

    @Test("is made with the folders above it, or may exist if it is empty")
    func makes() async throws {
        try await Repository.inFolder { folder in
            for place in ["\(folder)/a/b/c", folder + "/empty"] {
                if place.hasSuffix("empty") {
                    try FileManager.default.createDirectory(atPath: place, withIntermediateDirectories: false)
                }
                try PackageFolder(place).write(files())
                #expect(content("\(place)/Sources/A/A.swift") == "Sources/A/A.swift x")
            }
        }
    }

    @Test("is refused if it has any content, or is a file, and stays as it is")
    func refuses() async throws {
        try await Repository.inFolder { folder in
            try "mine".write(toFile: "\(folder)/.hidden", atomically: false, encoding: .utf8)
            for place in [folder, "\(folder)/.hidden", "\(folder)/.hidden/below"] {
                #expect(throws: ScaffoldError.self, "\(place)") { try PackageFolder(place) }
            }
            #expect(content("\(folder)/.hidden") == "mine")
            #expect(try FileManager.default.contentsOfDirectory(atPath: folder) == [".hidden"])
        }
    }

    @Test("is written by one of many at once, and the others change nothing")
    func races() async throws {
        try await Repository.inFolder { folder in
            let place = "\(folder)/badge"
            let won = await withTaskGroup(of: String?.self) { group in
                for number in 0..<32 {
                    let mine = files("by \(number)")
                    group.addTask {
                        do {
                            try PackageFolder(place).write(mine)
                            return "by \(number)"
                        } catch {
                            return "\(error)".contains("nothing was written") ? nil : "\(error)"
                        }
                    }
                }
                return await group.reduce(into: [String]()) { if let mark = $1 { $0.append(mark) } }
            }
            #expect(won.count == 1, "\(won)")
            for file in files() { #expect(content("\(place)/\(file.path)") == "\(file.path) \(won.first ?? "")") }
        }
    }

    @Test("has nothing of a package that could not be written to its end")
    func cleans() async throws {
        try await Repository.inFolder { folder in
            let package = try PackageFolder("\(folder)/badge")
            // The last file needs a folder with the name of the first.
            let files: [PackageTemplate.File] = [
                .init(path: "Package.swift", content: [1]), .init(path: "Sources/A/A.swift", content: [1]),
                .init(path: "Package.swift/A.swift", content: [1]),
            ]
            #expect(throws: ScaffoldError.self) { try package.write(files) }
            #expect(try FileManager.default.contentsOfDirectory(atPath: package.path).isEmpty)
        }
    }
}
