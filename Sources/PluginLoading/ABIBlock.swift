// SPDX-License-Identifier: Apache-2.0

import CPluginABI
import Glibc
import GrantKit

/// The kit and the toolchain that a plugin was built with, read from its file before any of its code runs.
public struct ABIBlock: Sendable, Equatable {
    let size: UInt32
    let major: UInt32
    let minor: UInt32
    /// What C calls the compiler; two libraries fit only if it is the same.
    let compiler: String
    /// The version of Swift as C sees it, such as 60301; 0 if the block does not have it.
    var swiftVersion: UInt32 = 0

    /// The version of the kit.
    var kit: String { "\(major).\(minor)" }

    /// Whether later minor versions still have everything that this version has; kit 0.2 was the first (decision 0054).
    private var isKept: Bool { major > 0 || minor >= 2 }

    /// The name of the toolchain: that of Swift if the block has it, otherwise what C calls the compiler.
    ///
    /// In a language mode before 6, C sees the version of the mode, which does not say which compiler it was.
    var toolchain: String {
        guard swiftVersion >= 60_000 else { return compiler }
        let patch = swiftVersion % 100
        return "Swift \(swiftVersion / 10_000).\(swiftVersion / 100 % 100)" + (patch > 0 ? ".\(patch)" : "")
    }

    /// The kit and the toolchain that this server was built with.
    static var server: ABIBlock? {
        // Safe: the block is a constant of the kit and has the size of its type.
        guard let pointer = unsafe grantor_plugin_abi() else { return nil }
        return unsafe parse(UnsafeRawBufferPointer(start: pointer, count: MemoryLayout<grantor_plugin_abi_t>.size))
    }

    private typealias grantor_plugin_abi_t = CPluginABI.grantor_plugin_abi

    /// Reads the block from a section of a library's ELF file.
    ///
    /// - Throws: `PluginLoadingError` if there is no block or its format is unknown.
    static func read(fromFileAt path: String) throws -> ABIBlock {
        // Safe: the bytes of the section outlive the call.
        let bytes = try ELFFile(path: path).section(named: GRANTOR_ABI_SECTION)
        guard let bytes else {
            throw PluginLoadingError(
                "\(path) is not a plugin: it has no section '\(GRANTOR_ABI_SECTION)'",
                note: "its function <id>_plugin_abi is missing, or does not call grantor_plugin_abi()")
        }
        guard let block = unsafe bytes.withUnsafeBytes(unsafe parse) else {
            throw PluginLoadingError(
                "\(path) is not a plugin: its section '\(GRANTOR_ABI_SECTION)' has an unknown format")
        }
        return block
    }

    private static func parse(_ bytes: UnsafeRawBufferPointer) -> ABIBlock? {
        // Safe: no number is read beyond the length that is checked here.
        let magic = Array(GRANTOR_ABI_MAGIC.utf8) + [0]
        guard bytes.count >= 24, unsafe bytes.prefix(8).elementsEqual(magic) else { return nil }
        func number(_ offset: Int) -> UInt32 { unsafe bytes.loadUnaligned(fromByteOffset: offset, as: UInt32.self) }
        let compiler = unsafe bytes.dropFirst(24).prefix(112).prefix { $0 != 0 }
        return unsafe ABIBlock(
            size: number(8), major: number(12), minor: number(16), compiler: String(decoding: compiler, as: UTF8.self),
            swiftVersion: number(20))
    }

    /// Refuses a library that does not fit the server.
    ///
    /// - Throws: `PluginLoadingError` for the first mismatch.
    func check(against server: ABIBlock, id: String) throws {
        guard size == server.size else {
            throw PluginLoadingError(
                "plugin '\(id)' has a handshake of \(size) bytes, but this server expects \(server.size)",
                note: "rebuild the plugin with kit \(server.major).\(server.minor)")
        }
        guard major == server.major, isKept else {
            throw PluginLoadingError(
                "plugin '\(id)' was built with kit \(major).\(minor), but this server has \(server.major).\(server.minor)",
                note: "use a build of the plugin for kit \(server.keptKit), or rebuild it with this server's "
                    + "Sources/GrantKit")
        }
        guard minor <= server.minor else {
            throw PluginLoadingError(
                "plugin '\(id)' needs kit \(major).\(minor) or newer, but this server has \(server.major).\(server.minor)",
                note: "update the server, or use an older build of the plugin")
        }
        guard compiler == server.compiler else { throw otherToolchain(than: server, id: id) }
    }

    /// What a plugin for this server must be built for: the major version of the kit, or before 1.0 the minor one.
    private var keptKit: String { major > 0 ? "\(major)" : kit }

    private func otherToolchain(than server: ABIBlock, id: String) -> PluginLoadingError {
        guard swiftVersion > 0 else {
            return PluginLoadingError(
                "plugin '\(id)' was not built by Swift, but by '\(compiler)'; this server needs '\(server.toolchain)'",
                note: "write its two functions in Swift, and build it with the server's toolchain")
        }
        // Two builds of one version of Swift differ only in what C calls them.
        let isNamed = toolchain != server.toolchain
        let (mine, its) = isNamed ? (toolchain, server.toolchain) : (compiler, server.compiler)
        return PluginLoadingError(
            "plugin '\(id)' was built by the toolchain '\(mine)', but this server by '\(its)'",
            note: "rebuild the plugin with the server's toolchain")
    }
}
