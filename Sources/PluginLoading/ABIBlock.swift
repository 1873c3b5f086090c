// SPDX-License-Identifier: Apache-2.0

import CPluginABI
import Glibc
import GrantKit

/// What a plugin was built against, read from its file before any of its code runs.
public struct ABIBlock: Sendable, Equatable {
    let size: UInt32
    let major: UInt32
    let minor: UInt32
    let compiler: String

    /// What this server was built with.
    static var server: ABIBlock? {
        // The block is a constant of the kit, of the size of its type.
        guard let pointer = unsafe grantor_plugin_abi() else { return nil }
        return unsafe parse(UnsafeRawBufferPointer(start: pointer, count: MemoryLayout<grantor_plugin_abi_t>.size))
    }

    private typealias grantor_plugin_abi_t = CPluginABI.grantor_plugin_abi

    /// Reads the block out of a library's ELF section.
    ///
    /// - Throws: `PluginLoadingError` if there is none or it is none of this server's.
    static func read(fromFileAt path: String) throws -> ABIBlock {
        // The section's bytes are read while they are there.
        let bytes = try ELFFile(path: path).section(named: GRANTOR_ABI_SECTION)
        guard let bytes else {
            throw PluginLoadingError(
                "\(path) is not a plugin: it has no section '\(GRANTOR_ABI_SECTION)'",
                note: "its <id>_plugin_abi function must call grantor_plugin_abi()")
        }
        guard let block = unsafe bytes.withUnsafeBytes(unsafe parse) else {
            throw PluginLoadingError("\(path) is not a plugin: its section '\(GRANTOR_ABI_SECTION)' is of another kind")
        }
        return block
    }

    private static func parse(_ bytes: UnsafeRawBufferPointer) -> ABIBlock? {
        // No number is read behind the length that was checked.
        let magic = Array(GRANTOR_ABI_MAGIC.utf8) + [0]
        guard bytes.count >= 24, unsafe bytes.prefix(8).elementsEqual(magic) else { return nil }
        func number(_ offset: Int) -> UInt32 { unsafe bytes.loadUnaligned(fromByteOffset: offset, as: UInt32.self) }
        let compiler = unsafe bytes.dropFirst(24).prefix(112).prefix { $0 != 0 }
        return unsafe ABIBlock(
            size: number(8), major: number(12), minor: number(16), compiler: String(decoding: compiler, as: UTF8.self))
    }

    /// Refuses a library that does not fit, by the first thing that does not.
    ///
    /// - Throws: `PluginLoadingError`.
    func check(against server: ABIBlock, id: String) throws {
        guard size == server.size else {
            throw PluginLoadingError(
                "plugin '\(id)' carries a handshake of \(size) bytes, this server knows \(server.size)",
                note: "rebuild it with the kit \(server.major).\(server.minor)")
        }
        guard major == server.major else {
            throw PluginLoadingError(
                "plugin '\(id)' was built with the kit \(major).\(minor), this server has \(server.major).\(server.minor)",
                note: "use a build of the plugin for the kit \(server.major)")
        }
        guard minor <= server.minor else {
            throw PluginLoadingError(
                "plugin '\(id)' needs the kit \(major).\(minor) or newer, this server has \(server.major).\(server.minor)",
                note: "update the server, or use an older build of the plugin")
        }
        guard compiler == server.compiler else {
            throw PluginLoadingError(
                "plugin '\(id)' was built by another toolchain: '\(compiler)', this server by '\(server.compiler)'",
                note: "rebuild it with the server's toolchain")
        }
    }
}
