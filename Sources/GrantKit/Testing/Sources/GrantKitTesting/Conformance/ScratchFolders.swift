// SPDX-License-Identifier: Apache-2.0

import Foundation
import Synchronization

/// The empty folders that a check has made for plugins, which are removed after it.
final class ScratchFolders: Sendable {
    @TaskLocal static var current = ScratchFolders()

    private let paths = Mutex<[String]>([])

    /// Runs a check, and removes the folders that it has made.
    static func during(_ check: () async throws -> Void) async throws {
        let folders = ScratchFolders()
        defer { folders.remove() }
        try await $current.withValue(folders) { try await check() }
    }

    /// Makes an empty folder.
    func make() throws -> String {
        let path = FileManager.default.temporaryDirectory.appendingPathComponent("plugin-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        paths.withLock { $0.append(path) }
        return path
    }

    private func remove() {
        for path in paths.withLock({ $0 }) { try? FileManager.default.removeItem(atPath: path) }
    }
}
