// SPDX-License-Identifier: Apache-2.0

import Foundation

enum Repository {
    static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().path

    /// Runs a test in a folder that is removed after it.
    static func inFolder<Value>(_ body: (String) async throws -> Value) async throws -> Value {
        let folder = "/tmp/grantor-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        return try await body(folder)
    }
}
