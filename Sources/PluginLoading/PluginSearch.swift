// SPDX-License-Identifier: Apache-2.0

import Glibc
import GrantKit
import OutsideText

/// Finds the library of a plugin, and refuses one that anyone but root and the server's user could have put there.
public struct PluginSearch: Sendable {
    private let folders: [String]

    /// Creates a search of folders, in order.
    public init(_ folders: [String]) {
        self.folders = folders
    }

    /// Finds a plugin's library.
    ///
    /// - Parameters:
    ///   - id: The plugin's id.
    ///   - library: The absolute path from the configuration, whose folder is then the search path; nil to search.
    /// - Returns: The path, with symbolic links resolved.
    /// - Throws: `PluginLoadingError`.
    public func find(_ id: String, library: String?) throws -> String {
        if let library {
            let folder = library.raw.cut(atLast: "/")?.before.string ?? ""
            return try check(library, within: folder.isEmpty ? "/" : folder)
        }
        for folder in folders {
            let path = "\(folder)/lib\(id).so"
            if unsafe access(path, F_OK) == 0 { return try check(path, within: folder) }
        }
        throw PluginLoadingError(
            "the plugin '\(id)' is not installed: no lib\(id).so in \(folders.joined(separator: ", "))",
            note: candidates.isEmpty ? "there are no plugins" : "found: \(candidates.joined(separator: ", "))")
    }

    /// The ids of all plugins on the search path.
    public var candidates: [String] {
        Set(folders.flatMap(PluginSearch.libraries)).sorted()
    }

    private static func libraries(in folder: String) -> [String] {
        // Safe: an entry is copied before the next one is read, and its name ends with NUL.
        guard let stream = unsafe opendir(folder) else { return [] }
        defer { unsafe closedir(stream) }
        var ids: [String] = []
        while let entry = unsafe readdir(stream) {
            let name = unsafe withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                unsafe pointer.withMemoryRebound(to: CChar.self, capacity: 256) { unsafe String(cString: $0) }
            }
            guard name.raw.starts(with: "lib"), name.raw.ends(with: ".so") else { continue }
            let id = name.raw.dropFirst(3).dropLast(3).string
            if (try? ABIBlock.read(fromFileAt: "\(folder)/\(name)")) != nil { ids.append(id) }
        }
        return ids
    }

    // MARK: permissions

    private func check(_ path: String, within folder: String) throws -> String {
        guard let real = PluginSearch.real(path) else {
            throw PluginLoadingError(
                "the library \(path) cannot be found", note: unsafe String(cString: strerror(errno)))
        }
        guard let home = PluginSearch.real(folder), real.raw.starts(with: home == "/" ? "/" : home + "/") else {
            throw PluginLoadingError(
                "the library \(path) is a link to \(real), which is outside its folder",
                note: "put the file itself there, or set 'library' to its path")
        }
        try PluginSearch.checkFile(real)
        var ancestor = real
        while let folder = ancestor.raw.cut(atLast: "/")?.before {
            ancestor = folder.string
            try PluginSearch.checkFolder(ancestor.isEmpty ? "/" : ancestor)
        }
        return real
    }

    private static func real(_ path: String) -> String? {
        // Safe: 'realpath' allocates the memory that is freed here, and its string ends with NUL.
        guard let resolved = unsafe realpath(path, nil) else { return nil }
        defer { unsafe free(resolved) }
        return unsafe String(cString: resolved)
    }

    private static func checkFile(_ path: String) throws {
        let status = try status(of: path)
        guard status.st_mode & S_IFMT == S_IFREG else { throw PluginLoadingError("\(path) is not a regular file") }
        try checkOwner(of: path, status)
        try checkWriters(path, status, "library")
    }

    private static func checkFolder(_ path: String) throws {
        let status = try status(of: path)
        try checkOwner(of: path, status)
        // In a folder with the sticky bit, such as /tmp, others can add files but not replace them.
        if status.st_mode & S_ISVTX == 0 { try checkWriters(path, status, "folder") }
    }

    private static func status(of path: String) throws -> stat {
        // Safe: the system only writes to the structure during the call.
        var status = stat()
        guard unsafe stat(path, &status) == 0 else {
            throw PluginLoadingError("\(path) cannot be examined", note: unsafe String(cString: strerror(errno)))
        }
        return status
    }

    private static func checkOwner(of path: String, _ status: stat) throws {
        guard status.st_uid == 0 || status.st_uid == geteuid() else {
            throw PluginLoadingError(
                "\(path) belongs to the user with the id \(status.st_uid), who is neither root nor the server's user",
                note: "run: chown root \(path)")
        }
    }

    private static func checkWriters(_ path: String, _ status: stat, _ kind: String) throws {
        let access = WriteAccess(status: status, list: try AccessList.of(path))
        guard access.isOpenToOthers else { return }
        throw PluginLoadingError(
            "the \(kind) \(path) can be changed by other users",
            note: access.list == nil
                ? "run: chmod go-w \(path)"
                : "its access control list lets them; run: setfacl -b \(path); chmod go-w \(path)")
    }
}
