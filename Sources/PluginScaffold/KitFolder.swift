// SPDX-License-Identifier: Apache-2.0

import Foundation
import GrantKit
import OutsideText

/// The folder of the kit that a new plugin is built against.
package struct KitFolder: Sendable {
    /// The absolute path, without symbolic links.
    package let path: String

    /// Takes an absolute path without symbolic links.
    init(path: String) {
        self.path = path
    }

    /// Takes the kit at a path, which may also be that of the server's repository.
    ///
    /// - Parameter name: The path.
    /// - Throws: `ScaffoldError` if there is no kit.
    package init(named name: String) throws {
        let path = KitFolder.real(name)
        guard let found = [path, KitFolder.below(path)].first(where: KitFolder.isKit) else {
            throw ScaffoldError(
                "there is no kit at '\(ShownText.onOneLine(name))': name the folder 'Sources/GrantKit' of the server's "
                    + "repository, which has Package.swift and Testing/Package.swift")
        }
        self.path = found
    }

    /// Finds the kit of the repository in which a program was built.
    ///
    /// - Parameter program: The path of the program.
    /// - Throws: `ScaffoldError` if there is none in any folder above the program.
    package init(above program: String) throws {
        var folder = KitFolder.parent(of: KitFolder.real(program))
        while !KitFolder.isKit(KitFolder.below(folder)) {
            guard folder != "/" else {
                throw ScaffoldError(
                    "the kit was not found, because this program is not in a clone of the server's repository: "
                        + "clone it, and add --kit with the path of its folder 'Sources/GrantKit'")
            }
            folder = KitFolder.parent(of: folder)
        }
        path = KitFolder.below(folder)
    }

    private static func below(_ folder: String) -> String {
        folder == "/" ? "/Sources/GrantKit" : "\(folder)/Sources/GrantKit"
    }

    private static func isKit(_ folder: String) -> Bool {
        ["Package.swift", "Testing/Package.swift"].allSatisfy {
            FileManager.default.fileExists(atPath: "\(folder)/\($0)")
        }
    }

    static func real(_ path: String) -> String {
        URL(fileURLWithPath: path).standardizedFileURL.resolvingSymlinksInPath().path
    }

    static func parent(of path: String) -> String {
        let folder = path.raw.cut(atLast: "/")?.before.string ?? ""
        return folder.isEmpty ? "/" : folder
    }

    /// Whether a package in a folder can depend on the kit.
    ///
    /// SwiftPM knows packages by the last parts of their paths, in lower case.
    package func canBeUsed(from folder: String) -> Bool {
        KitFolder.identity(of: KitFolder.real(folder)) != KitFolder.identity(of: path)
    }

    private static func identity(of path: String) -> String {
        path.raw.cut(atLast: "/")?.behind.lowercased() ?? ""
    }

    /// The path as a package names it: relative if the kit is below the folder that has the package, else absolute.
    ///
    /// - Parameter folder: The absolute path of the package, without symbolic links.
    /// - Returns: The path.
    package func path(from folder: String) -> String {
        if path.raw.starts(with: folder + "/") { return path.raw.dropFirst(folder.utf8.count + 1).string }
        let parent = KitFolder.parent(of: folder)
        guard parent != "/", path.raw.starts(with: parent + "/") else { return path }
        return "../\(path.raw.dropFirst(parent.utf8.count + 1).string)"
    }
}
