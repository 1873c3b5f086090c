// SPDX-License-Identifier: Apache-2.0

public import CPluginLibrary
import Glibc
import OutsideText

/// A plugin's library with the C interface, loaded into this process until the process ends (decision 0069).
public struct CInterfaceLibrary: Sendable {
    /// The plugin's id.
    public let id: String
    /// The path of the file, with symbolic links resolved.
    public let path: String
    /// The version of the interface, as `plugins.lock` has it.
    public let kit: String
    /// Its functions.
    public let functions: grantor_library

    /// The library as code that has been checked.
    public var code: CheckedCode { CheckedCode(path: path, kit: kit, toolchain: nil, files: []) }

    /// Whether a file has the block of the C interface, whatever is in it.
    public static func isOne(_ path: String) -> Bool {
        (try? ELFFile(path: path).section(named: GRANTOR_LIBRARY_SECTION)) != nil
    }

    /// Loads a library after the same checks as one in Swift: its place, its digest, and its block.
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
        sha256: ([UInt8]) -> [UInt8], opening: (_ path: String, _ open: () throws -> Void) throws -> Void = { try $1() }
    ) throws -> CInterfaceLibrary {
        let path = try search.find(id, library: library)
        let code = CheckedCode(path: path, kit: try block(path, id).kit, toolchain: nil, files: [])
        try code.check(pinned: pinned, locked: locked, sha256)
        try block(path, id).check(id: id)
        var functions = grantor_library()
        try opening(path) { functions = try open(path, id: id) }
        return CInterfaceLibrary(id: id, path: path, kit: code.kit, functions: functions)
    }

    private static func block(_ path: String, _ id: String) throws -> CInterfaceBlock {
        guard let block = try CInterfaceBlock.read(fromFileAt: path) else {
            throw PluginLoadingError("\(path) has no section '\(GRANTOR_LIBRARY_SECTION)'")
        }
        return block
    }

    private static func open(_ path: String, id: String) throws -> grantor_library {
        // Safe: the block was checked, so the functions are those that the header declares.
        guard let handle = unsafe dlopen(path, RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE) else {
            throw PluginLoadingError(unsafe "plugin '\(id)' cannot be loaded: \(String(cString: dlerror()))")
        }
        var functions = grantor_library()
        if let missing = unsafe grantor_library_find(handle, &functions) {
            throw PluginLoadingError(
                unsafe "the library \(path) of the plugin '\(id)' has no function '\(String(cString: missing))'",
                note: "export 'grantor_describe', 'grantor_call' and 'grantor_release'")
        }
        return functions
    }
}
