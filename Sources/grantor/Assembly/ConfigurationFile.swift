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
        // Foundation fills the flag that it is given.
        self.name = name
        path = URL(fileURLWithPath: name).standardizedFileURL.path
        var isFolder: ObjCBool = false
        guard unsafe FileManager.default.fileExists(atPath: path, isDirectory: &isFolder), !isFolder.boolValue else {
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
        return Configuration.read(bytes, name: name, references: ConfigurationFile.references)
    }

    /// What `env:` and `file:` refer to.
    static let references = ReferenceSources(
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
