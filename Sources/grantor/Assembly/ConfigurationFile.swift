// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Foundation
import PluginLoading
import ServerConfiguration

/// A configuration file on disk.
struct ConfigurationFile: Sendable {
    /// The name as the operator wrote it, used in messages.
    let name: String
    /// The file `plugins.lock` in the same folder.
    let lock: PluginLockFile
    private let path: String

    /// Finds the file and makes its folder the current one, so that relative paths start there.
    init(_ name: String) throws {
        self.name = name
        path = URL(fileURLWithPath: name).standardizedFileURL.path
        // Safe: Foundation only writes to the flag during the call.
        var isFolder: ObjCBool = false
        guard unsafe FileManager.default.fileExists(atPath: path, isDirectory: &isFolder), !isFolder.boolValue else {
            throw ValidationError("there is no configuration file '\(name)'; name one with --config")
        }
        guard FileManager.default.isReadableFile(atPath: path) else {
            throw ValidationError("this user may not read the configuration file '\(name)'")
        }
        let folder = URL(fileURLWithPath: path).deletingLastPathComponent().path
        guard FileManager.default.changeCurrentDirectoryPath(folder) else {
            throw ValidationError("this user may not enter the configuration's folder '\(folder)'")
        }
        lock = PluginLockFile(in: folder, beside: name)
    }

    func read() -> (configuration: Configuration, diagnostics: Diagnostics) {
        let bytes = FileManager.default.contents(atPath: path).map { Array($0) } ?? []
        return Configuration.read(bytes, name: name, references: ConfigurationFile.references)
    }

    /// Resolves `env:` and `file:` references against the process environment and the disk.
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
