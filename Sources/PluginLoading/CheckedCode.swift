// SPDX-License-Identifier: Apache-2.0

import GrantKit
import OutsideText

/// The code of a plugin, after every check that is possible before any of it runs.
public struct CheckedCode: Sendable, Equatable {
    /// The path of the library or program, with symbolic links resolved.
    public let path: String
    /// The version of the kit that a library was built with, or of the C interface or the protocol that it speaks.
    public let kit: String
    /// The name of the toolchain that built a library in Swift; nil for other code.
    public let toolchain: String?
    /// The further files of a program, which its digest covers: the interpreter is the first.
    public let files: [String]

    /// The SHA-256 digest in hexadecimal.
    ///
    /// With further files, it is that of the lines `<digest>  <path>` of the program and then of these files, as
    /// `sha256sum` prints them.
    ///
    /// - Throws: `PluginLoadingError` if a file cannot be read.
    public func digest(_ sha256: ([UInt8]) -> [UInt8]) throws -> String {
        let first = try PluginLibrary.digest(of: path, sha256: sha256)
        guard !files.isEmpty else { return first }
        var lines = "\(first)  \(path)\n"
        for file in files { lines += "\(try PluginLibrary.digest(of: file, sha256: sha256))  \(file)\n" }
        return PluginLibrary.hexadecimal(sha256(Array(lines.utf8)))
    }

    /// Refuses code whose digest or kit the configuration or the lock does not admit.
    ///
    /// - Parameters:
    ///   - pinned: The digest that the configuration pins; nil if it pins none.
    ///   - locked: The entry of the lock; nil if any code is accepted.
    ///   - sha256: Computes SHA-256 digests.
    /// - Throws: `PluginLoadingError` or `LockDifferences`.
    public func check(pinned: String?, locked: PluginLock.Entry?, _ sha256: ([UInt8]) -> [UInt8]) throws {
        if let locked {
            try LockDifferences.check(self, locked, pinned: pinned, sha256)
        } else if let pinned {
            let digest = try digest(sha256)
            guard digest == pinned else { throw PluginLibrary.unpinned(path, digest, pinned) }
        }
    }

    /// Checks the program of a plugin: the interpreter, the program and its files must be files that only root and the
    /// server's user can change.
    ///
    /// - Parameters:
    ///   - command: The absolute path of the program or of an interpreter, and the arguments. The program is the first
    ///     argument that is an absolute path, or else the command itself.
    ///   - files: The absolute paths of further files.
    ///   - version: The version of the protocol.
    /// - Returns: The code.
    /// - Throws: `PluginLoadingError`.
    public static func program(_ command: [String], files: [String], version: String) throws -> CheckedCode {
        guard let first = command.first else { throw PluginLoadingError("'command' is empty") }
        var paths = [try PluginSearch.checkProgram(first, isExecuted: true)]
        for argument in command.dropFirst() {
            if argument.raw.starts(with: "/") {
                paths.append(try PluginSearch.checkProgram(argument, isExecuted: false))
            } else {
                try PluginSearch.refuseFile(named: argument)
            }
        }
        let others = try files.map { try PluginSearch.checkProgram($0, isExecuted: false) }
        let program = paths.remove(at: paths.count > 1 ? 1 : 0)
        return CheckedCode(path: program, kit: version, toolchain: nil, files: paths + others)
    }

    /// Checks the library of a plugin without loading it.
    ///
    /// - Parameters:
    ///   - id: The plugin's id.
    ///   - library: The absolute path from the configuration; nil to search for the library.
    ///   - search: Searches for libraries.
    /// - Returns: The code.
    /// - Throws: `PluginLoadingError`.
    public static func library(_ id: String, library: String?, search: PluginSearch) throws -> CheckedCode {
        let path = try search.find(id, library: library)
        if let block = try CInterfaceBlock.read(fromFileAt: path) {
            try block.check(id: id)
            return CheckedCode(path: path, kit: block.kit, toolchain: nil, files: [])
        }
        guard let server = ABIBlock.server else { throw PluginLoadingError("this server has no handshake of its own") }
        let block = try ABIBlock.read(fromFileAt: path)
        try block.check(against: server, id: id)
        return CheckedCode(path: path, kit: block.kit, toolchain: block.toolchain, files: [])
    }
}
