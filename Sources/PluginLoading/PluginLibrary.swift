// SPDX-License-Identifier: Apache-2.0

import CPluginABI
import Glibc
@_spi(Host) public import GrantKit
import OutsideText

/// A plugin's library, loaded into this process until the process ends.
public struct PluginLibrary: Sendable {
    /// The path of the file, with symbolic links resolved.
    public let path: String
    /// The version of the kit that it was built with.
    public let kit: String
    /// The name of the toolchain that built it.
    public let toolchain: String
    /// The plugin's type.
    public let type: any Plugin.Type

    /// The library as code that has been checked.
    public var code: CheckedCode { CheckedCode(path: path, kit: kit, toolchain: toolchain, files: []) }

    /// Loads a plugin after checking every step of the handshake.
    ///
    /// - Parameters:
    ///   - id: The plugin's id.
    ///   - library: The absolute path from the configuration; nil to search for the library.
    ///   - pinned: The SHA-256 digest that the file must have, in hexadecimal; nil if the configuration pins none.
    ///   - locked: The entry of the lock that the file must match; nil if any library is accepted.
    ///   - search: Searches for libraries.
    ///   - sha256: Computes SHA-256 digests.
    ///   - opening: Called with the path and with what runs the library's code, which it calls.
    /// - Returns: The loaded library.
    /// - Throws: `PluginLoadingError` or `LockDifferences`.
    public static func load(
        _ id: String, library: String?, pinned: String?, locked: PluginLock.Entry? = nil, search: PluginSearch,
        sha256: ([UInt8]) -> [UInt8],
        opening: (_ path: String, _ open: () throws -> any Plugin.Type) throws -> any Plugin.Type = { try $1() }
    ) throws -> PluginLibrary {
        let path = try search.find(id, library: library)
        try checkDigest(of: path, pinned, locked, sha256)
        guard let server = ABIBlock.server else { throw PluginLoadingError("this server has no handshake of its own") }
        let block = try ABIBlock.read(fromFileAt: path)
        try block.check(against: server, id: id)
        let type = try opening(path) { try open(path, id: id) }
        return PluginLibrary(path: path, kit: block.kit, toolchain: block.toolchain, type: type)
    }

    /// The SHA-256 digest of a file in hexadecimal.
    ///
    /// - Throws: `PluginLoadingError`.
    public static func digest(of path: String, sha256: ([UInt8]) -> [UInt8]) throws -> String {
        // Safe: the system is told the size of the block and writes no more.
        guard let file = unsafe fopen(path, "rb") else {
            throw PluginLoadingError(
                "the library \(path) cannot be read", note: unsafe String(cString: strerror(errno)))
        }
        defer { unsafe fclose(file) }
        var bytes: [UInt8] = []
        var block = [UInt8](repeating: 0, count: 1 << 20)
        while case let count = unsafe fread(&block, 1, block.count, file), count > 0 { bytes += block.prefix(count) }
        return hexadecimal(sha256(bytes))
    }

    /// Bytes in hexadecimal.
    public static func hexadecimal(_ bytes: [UInt8]) -> String {
        let digits = Array("0123456789abcdef")
        return bytes.map { String([digits[Int($0 >> 4)], digits[Int($0 & 15)]]) }.joined()
    }

    /// Refuses a file whose digest is not the one that the configuration pins.
    ///
    /// - Throws: `PluginLoadingError`.
    public static func checkDigest(of path: String, _ pinned: String, _ sha256: ([UInt8]) -> [UInt8]) throws {
        let digest = try digest(of: path, sha256: sha256)
        guard digest == pinned else { throw unpinned(path, digest, pinned) }
    }

    static func unpinned(_ path: String, _ digest: String, _ pinned: String) -> PluginLoadingError {
        PluginLoadingError(
            "the library \(path) has the digest \(digest), but the configuration pins \(pinned)",
            note: "find out who changed the library before you change 'sha256'")
    }

    /// Refuses a file that the configuration or the lock does not admit; its bytes are read only if one of them asks.
    private static func checkDigest(
        of path: String, _ pinned: String?, _ locked: PluginLock.Entry?, _ sha256: ([UInt8]) -> [UInt8]
    ) throws {
        if let locked {
            try LockDifferences.check(path, locked, pinned: pinned, sha256)
        } else if let pinned {
            try checkDigest(of: path, pinned, sha256)
        }
    }

    private static func open(_ path: String, id: String) throws -> any Plugin.Type {
        // Safe: the handshake was checked, so the library was built with this kit and the symbol is the function that
        // the kit's header declares.
        guard let handle = unsafe dlopen(path, RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE) else {
            throw PluginLoadingError(unsafe "plugin '\(id)' cannot be loaded: \(String(cString: dlerror()))")
        }
        let name = PluginFunction.name(id)
        guard let symbol = unsafe dlsym(handle, name) else {
            let other = PluginFunction.ids(inFileAt: path).first
            throw PluginLoadingError(
                "\(path) is not the plugin '\(id)': it has no function '\(name)'",
                note: other.map { "its functions are named after '\($0)': use that id, or rename them" }
                    ?? "the file name, the functions and the manifest must use the same id")
        }
        typealias Make = @convention(c) () -> UnsafeMutableRawPointer?
        guard let made = unsafe unsafeBitCast(symbol, to: Make.self)() else {
            throw PluginLoadingError(
                "plugin '\(id)' returned nothing from its make function",
                note: "'\(name)' must return what PluginExport.make returns")
        }
        let type = unsafe PluginExport.take(made).type
        guard type.manifest.id == id else { throw mismatch(path, id, type.manifest.id) }
        return type
    }

    /// The error for a manifest with another id than the library's functions.
    private static func mismatch(_ path: String, _ id: String, _ manifest: String) -> PluginLoadingError {
        // No id has an underscore; this one comes from the name of a file.
        let isFileWrong = id.raw.contains("_") && PluginFunction.name(manifest) == PluginFunction.name(id)
        return PluginLoadingError(
            "\(path) contains the plugin '\(manifest)', not '\(id)'",
            note: isFileWrong
                ? "rename the file to lib\(manifest).so, and the product in its Package.swift to '\(manifest)'"
                : "its functions are named after '\(id)', so the plugin's author must give its manifest that id")
    }
}
