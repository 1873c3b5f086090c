// SPDX-License-Identifier: Apache-2.0

import CPluginABI
import Glibc
public import GrantKit
import OutsideText

/// A plugin's library in this process; it stays until the process ends.
public struct PluginLibrary: Sendable {
    /// The real path of the file.
    public let path: String
    /// The plugin's type.
    public let type: any Plugin.Type

    /// Loads a plugin, checking each step of the handshake before the next.
    ///
    /// - Parameters:
    ///   - id: The plugin's id.
    ///   - library: An absolute path that the configuration names, or nil.
    ///   - pinned: The digest that the file must have, in hexadecimal, or nil.
    ///   - search: Where libraries are looked for.
    ///   - sha256: Makes digests.
    /// - Returns: The library.
    /// - Throws: `PluginLoadingError`.
    public static func load(
        _ id: String, library: String?, pinned: String?, search: PluginSearch, sha256: ([UInt8]) -> [UInt8]
    ) throws -> PluginLibrary {
        let path = try search.find(id, library: library)
        if let pinned { try checkDigest(of: path, pinned, sha256) }
        guard let server = ABIBlock.server else { throw PluginLoadingError("this server has no handshake of its own") }
        try ABIBlock.read(fromFileAt: path).check(against: server, id: id)
        return PluginLibrary(path: path, type: try open(path, id: id))
    }

    /// The digest of a file in hexadecimal.
    ///
    /// - Throws: `PluginLoadingError`.
    public static func digest(of path: String, sha256: ([UInt8]) -> [UInt8]) throws -> String {
        // The system writes no more than the length that it is told.
        guard let file = unsafe fopen(path, "rb") else {
            throw PluginLoadingError(
                "the library \(path) cannot be read", note: unsafe String(cString: strerror(errno)))
        }
        defer { unsafe fclose(file) }
        var bytes: [UInt8] = []
        var block = [UInt8](repeating: 0, count: 1 << 20)
        while case let count = unsafe fread(&block, 1, block.count, file), count > 0 { bytes += block.prefix(count) }
        let digits = Array("0123456789abcdef")
        return sha256(bytes).map { String([digits[Int($0 >> 4)], digits[Int($0 & 15)]]) }.joined()
    }

    /// Refuses a file whose digest is not the one that the configuration pins.
    ///
    /// - Throws: `PluginLoadingError`.
    public static func checkDigest(of path: String, _ pinned: String, _ sha256: ([UInt8]) -> [UInt8]) throws {
        let digest = try digest(of: path, sha256: sha256)
        guard digest == pinned else {
            throw PluginLoadingError(
                "the library \(path) has the digest \(digest), the configuration pins \(pinned)",
                note: "find out who changed it before you change 'sha256'")
        }
    }

    private static func open(_ path: String, id: String) throws -> any Plugin.Type {
        // The handshake was read before: the library was built against this kit, so the symbol is the function that the
        // kit's header declares.
        guard let handle = unsafe dlopen(path, RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE) else {
            throw PluginLoadingError(unsafe "plugin '\(id)' does not load: \(String(cString: dlerror()))")
        }
        let name = id.raw.replacing("-", with: "_") + "_plugin_make"
        guard let symbol = unsafe dlsym(handle, name) else {
            throw PluginLoadingError(
                "\(path) is not the plugin '\(id)': it has no function '\(name)'",
                note: "the file's name, the functions and the manifest must have one id")
        }
        typealias Make = @convention(c) () -> UnsafeMutableRawPointer?
        guard let made = unsafe unsafeBitCast(symbol, to: Make.self)() else {
            throw PluginLoadingError("plugin '\(id)' made nothing")
        }
        let type = unsafe PluginExport.take(made).type
        guard type.manifest.id == id else {
            throw PluginLoadingError(
                "\(path) holds the plugin '\(type.manifest.id)', the configuration expects '\(id)'",
                note: "correct the id in the configuration")
        }
        return type
    }
}
