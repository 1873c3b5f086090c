// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Foundation
import ServerConfiguration

/// A configuration file on the disk.
struct ConfigurationFile: Sendable {
    /// The name that messages use, as the operator wrote it.
    let name: String
    private let path: String

    /// Finds the file, and makes its folder the one that relative paths start at.
    init(_ name: String) throws {
        self.name = name
        path = URL(fileURLWithPath: name).standardizedFileURL.path
        var isFolder: ObjCBool = false
        guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder), !isFolder.boolValue else {
            throw ValidationError("there is no configuration '\(name)'; name one with --config")
        }
        guard FileManager.default.isReadableFile(atPath: path) else {
            throw ValidationError("the configuration '\(name)' cannot be read by this user")
        }
        let folder = URL(fileURLWithPath: path).deletingLastPathComponent().path
        guard FileManager.default.changeCurrentDirectoryPath(folder) else {
            throw ValidationError("the folder '\(folder)' of the configuration cannot be entered")
        }
    }

    func read() -> (configuration: Configuration, diagnostics: Diagnostics) {
        let bytes = FileManager.default.contents(atPath: path).map { Array($0) } ?? []
        return Configuration.read(bytes, name: name, outside: ConfigurationFile.outside)
    }

    /// What `env:` and `file:` stand for.
    static let outside = Outside(
        environment: { ProcessInfo.processInfo.environment[$0] },
        file: { name in
            guard let data = FileManager.default.contents(atPath: name) else { throw Unreadable() }
            return Array(data)
        },
        exposure: FileExposure.init(ofFile:))

    private struct Unreadable: Error, CustomStringConvertible {
        var description: String { "it does not exist or the server's user may not read it" }
    }
}

extension FileExposure {
    /// Looks at a file; of one that is not there nothing is said.
    init?(ofFile path: String) {
        var status = stat()
        guard stat(path, &status) == 0 else { return nil }
        self.init(permissions: Int(status.st_mode), owner: Int(status.st_uid))
    }
}

/// Where libraries of plugins are looked for when the configuration says nothing.
enum Installation {
    static var pluginFolders: [String] {
        let program = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath().deletingLastPathComponent()
        let installed = program.deletingLastPathComponent().appendingPathComponent("lib/grantor").path
        // Beside the program is where a build leaves them.
        return FileManager.default.fileExists(atPath: installed) ? [installed] : [program.path]
    }
}
