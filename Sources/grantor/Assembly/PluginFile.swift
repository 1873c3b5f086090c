// SPDX-License-Identifier: Apache-2.0

import AuthorizationServer
import Cryptography
import Foundation
import GrantKit
import PluginLoading
import ServerConfiguration
import Synchronization

/// A library file, identified by its path, inode, size and modification time when it was loaded.
struct PluginFile: Sendable, Equatable {
    let path: String
    private let inode: UInt64
    private let size: UInt64
    private let modified: Date

    init(_ path: String) {
        self.path = path
        let attributes = (try? FileManager.default.attributesOfItem(atPath: path)) ?? [:]
        inode = (attributes[.systemFileNumber] as? NSNumber)?.uint64Value ?? 0
        size = (attributes[.size] as? NSNumber)?.uint64Value ?? 0
        modified = attributes[.modificationDate] as? Date ?? .distantPast
    }
}
