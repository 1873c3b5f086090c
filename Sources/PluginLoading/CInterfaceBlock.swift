// SPDX-License-Identifier: Apache-2.0

import CPluginLibrary
import GrantKit

/// The version of the C interface that a library was written for, read from its file before any of its code runs.
struct CInterfaceBlock: Equatable {
    private static let length = 16

    let size: UInt32
    let version: UInt32

    /// The version in the words of `plugins.lock`.
    var kit: String { "c \(version)" }

    /// Reads the block from its section of a library's ELF file.
    ///
    /// - Returns: The block; nil if there is none, so that this is no library with the C interface.
    /// - Throws: `PluginLoadingError` if the file cannot be read or the format of the block is unknown.
    static func read(fromFileAt path: String) throws -> CInterfaceBlock? {
        guard let bytes = try ELFFile(path: path).section(named: GRANTOR_LIBRARY_SECTION) else { return nil }
        let magic = Array(GRANTOR_LIBRARY_MAGIC.utf8) + [0]
        guard bytes.count >= length, bytes.starts(with: magic) else {
            throw PluginLoadingError(
                "\(path) is not a plugin: its section '\(GRANTOR_LIBRARY_SECTION)' has an unknown format",
                note: "declare the block as Docs/PluginProtocol.md does")
        }
        func number(_ offset: Int) -> UInt32 {
            bytes[offset..<(offset + 4)].reversed().reduce(0) { $0 << 8 | UInt32($1) }
        }
        return CInterfaceBlock(size: number(8), version: number(12))
    }

    /// Refuses a library that was written for another version of the interface.
    ///
    /// - Throws: `PluginLoadingError`.
    func check(id: String) throws {
        guard size == UInt32(CInterfaceBlock.length) else {
            throw PluginLoadingError(
                "plugin '\(id)' has a block of \(size) bytes in '\(GRANTOR_LIBRARY_SECTION)', but this server expects "
                    + "\(CInterfaceBlock.length)",
                note: "declare the block as Docs/PluginProtocol.md does")
        }
        guard version == UInt32(GRANTOR_LIBRARY_VERSION) else {
            throw PluginLoadingError(
                "plugin '\(id)' was built for version \(version) of the C interface, but this server has version "
                    + "\(GRANTOR_LIBRARY_VERSION)",
                note: version > UInt32(GRANTOR_LIBRARY_VERSION)
                    ? "update the server, or use an older build of the plugin" : "use a newer build of the plugin")
        }
    }
}
