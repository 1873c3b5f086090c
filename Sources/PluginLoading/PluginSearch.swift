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
            return try check(library, within: folder.isEmpty ? "/" : folder, of: id)
        }
        for folder in folders {
            let path = "\(folder)/lib\(id).so"
            if PluginSearch.exists(path) { return try check(path, within: folder, of: id) }
        }
        let searched = folders.map { PluginSearch.exists($0) ? $0 : "\($0) (no such folder)" }
        throw PluginLoadingError(
            "the plugin '\(id)' is not installed: no lib\(id).so in \(searched.joined(separator: ", "))",
            note: remedy(for: id))
    }

    /// The ids of all plugins on the search path.
    public var candidates: [String] {
        let names = folders.flatMap(PluginSearch.libraries).map(\.raw).filter { $0.starts(with: "lib") }
        return Set(names.map { $0.dropFirst(3).dropLast(3).string }).sorted()
    }

    // MARK: missing libraries

    /// How to get the library of a plugin from what was built in its place, or else which plugins there are.
    private func remedy(for id: String) -> String {
        for folder in folders {
            if let remedy = PluginSearch.remedy(for: id, in: folder) { return remedy }
        }
        return candidates.isEmpty ? "there are no plugins" : "found: \(candidates.joined(separator: ", "))"
    }

    private static func remedy(for id: String, in folder: String) -> String? {
        let archive = "\(folder)/lib\(id).a"
        if exists(archive) { return "\(archive) is a static library: \(ELFFile.remedy)" }
        let libraries = libraries(in: folder)
        if let name = libraries.first(where: { PluginFunction.ids(inFileAt: "\(folder)/\($0)").contains(id) }) {
            return
                "\(folder)/\(name) is this plugin: rename it to lib\(id).so, and the product in its Package.swift to '\(id)'"
        }
        // A build of a package whose product is not dynamic leaves only the kit.
        guard libraries.isEmpty, exists("\(folder)/libGrantKit.so") else { return nil }
        return "\(folder) has the kit but no plugin: \(ELFFile.remedy)"
    }

    private static func exists(_ path: String) -> Bool {
        unsafe access(path, F_OK) == 0
    }

    /// The names of the libraries in a folder that are plugins.
    private static func libraries(in folder: String) -> [String] {
        // Safe: an entry is copied before the next one is read, and its name ends with NUL.
        guard let stream = unsafe opendir(folder) else { return [] }
        defer { unsafe closedir(stream) }
        var names: [String] = []
        while let entry = unsafe readdir(stream) {
            let name = unsafe withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                unsafe pointer.withMemoryRebound(to: CChar.self, capacity: 256) { unsafe String(cString: $0) }
            }
            guard name.raw.ends(with: ".so") else { continue }
            let path = "\(folder)/\(name)"
            if (try? ABIBlock.read(fromFileAt: path)) != nil || CInterfaceLibrary.isOne(path) { names.append(name) }
        }
        return names
    }

    // MARK: permissions

    private func check(_ path: String, within folder: String, of id: String) throws -> String {
        guard let real = PluginSearch.real(path) else {
            throw PluginLoadingError(
                "the library \(path) cannot be found", note: unsafe String(cString: strerror(errno)))
        }
        guard let home = PluginSearch.real(folder), real.raw.starts(with: home == "/" ? "/" : home + "/") else {
            throw PluginLoadingError(
                "the library \(path) is a link to \(real), which is outside its folder",
                note: "put the file itself there, or set 'library' to its path")
        }
        try PluginSearch.checkFile(real, of: id)
        try PluginSearch.checkFolders(above: real)
        return real
    }

    /// Checks a file of a plugin that is a program.
    ///
    /// - Parameters:
    ///   - path: The absolute path; a symbolic link may lead anywhere, if nobody else can change it.
    ///   - isExecuted: Whether the file must be executable.
    /// - Returns: The path, with symbolic links resolved.
    /// - Throws: `PluginLoadingError`.
    static func checkProgram(_ path: String, isExecuted: Bool) throws -> String {
        guard let real = real(path) else {
            throw PluginLoadingError("the file \(path) cannot be found", note: unsafe String(cString: strerror(errno)))
        }
        let status = try status(of: real)
        guard status.st_mode & S_IFMT == S_IFREG else { throw PluginLoadingError("\(path) is not a regular file") }
        try checkOwner(of: real, status)
        try checkWriters(real, status, "file")
        try checkWay(to: path)
        guard isExecuted else { return real }
        guard unsafe access(real, X_OK) == 0 else {
            throw PluginLoadingError("\(path) cannot be executed", note: "run: chmod +x \(path)")
        }
        try refuseScript(real)
        return real
    }

    /// Refuses an argument that the program would find from its working folder as a file, which nothing has checked.
    ///
    /// - Throws: `PluginLoadingError`.
    static func refuseFile(named argument: String) throws {
        guard !argument.isEmpty, exists("/\(argument)") else { return }
        throw PluginLoadingError(
            "the argument \(argument) of 'command' names a file without its whole path",
            note: "write /\(argument), so that it is checked")
    }

    /// Refuses a script, whose first line names another program that nothing has checked.
    private static func refuseScript(_ path: String) throws {
        guard try start(of: path) == "#!" else { return }
        throw PluginLoadingError(
            "\(path) is a script, whose interpreter must be checked too",
            note: "begin 'command' with the interpreter: [/usr/bin/python3, -Bs, \(path)]")
    }

    private static func start(of path: String) throws -> String {
        // Safe: the system is told the size of the block and writes no more.
        guard let file = unsafe fopen(path, "rb") else {
            throw PluginLoadingError("the file \(path) cannot be read", note: unsafe String(cString: strerror(errno)))
        }
        defer { unsafe fclose(file) }
        var bytes: [UInt8] = [0, 0]
        let count = unsafe fread(&bytes, 1, bytes.count, file)
        return String(decoding: bytes.prefix(count), as: UTF8.self)
    }

    /// Checks every folder and symbolic link on the way to a file, since changing one leads it elsewhere.
    private static func checkWay(to path: String) throws {
        var (place, rest, links): ([String], [String], Int) = ([], parts(of: path), 0)
        while !rest.isEmpty {
            let name = rest.removeFirst()
            try checkFolder("/" + place.joined(separator: "/"))
            guard name != ".." else {
                _ = place.popLast()
                continue
            }
            place.append(name)
            guard let target = try target(ofLink: "/" + place.joined(separator: "/")) else { continue }
            links += 1
            guard links <= mostLinks else { throw PluginLoadingError("\(path) leads through too many symbolic links") }
            place = target.raw.starts(with: "/") ? [] : Array(place.dropLast())
            rest = parts(of: target) + rest
        }
    }

    /// The most symbolic links on the way to a file, as in the system.
    private static let mostLinks = 40

    private static func parts(of path: String) -> [String] {
        path.utf8.split(separator: UInt8(ascii: "/")).map { String(Substring($0)) }.filter { $0 != "." }
    }

    /// Where a symbolic link leads; nil if it is none.
    private static func target(ofLink path: String) throws -> String? {
        // Safe: the system only writes to the structure and to the block, whose size it is told.
        var status = stat()
        guard unsafe lstat(path, &status) == 0, status.st_mode & S_IFMT == S_IFLNK else { return nil }
        try checkOwner(of: path, status)
        var block = [UInt8](repeating: 0, count: Int(PATH_MAX))
        let count = unsafe readlink(path, &block, block.count)
        guard count > 0 else {
            throw PluginLoadingError("the link \(path) cannot be read", note: unsafe String(cString: strerror(errno)))
        }
        return String(decoding: block.prefix(count), as: UTF8.self)
    }

    private static func checkFolders(above path: String) throws {
        var ancestor = path
        while let folder = ancestor.raw.cut(atLast: "/")?.before {
            ancestor = folder.string
            try checkFolder(ancestor.isEmpty ? "/" : ancestor)
        }
    }

    private static func real(_ path: String) -> String? {
        // Safe: 'realpath' allocates the memory that is freed here, and its string ends with NUL.
        guard let resolved = unsafe realpath(path, nil) else { return nil }
        defer { unsafe free(resolved) }
        return unsafe String(cString: resolved)
    }

    private static func checkFile(_ path: String, of id: String) throws {
        let status = try status(of: path)
        guard status.st_mode & S_IFMT == S_IFREG else {
            throw PluginLoadingError(
                "\(path) is not a regular file", note: remedy(forNoFile: status, at: path, of: id))
        }
        try checkOwner(of: path, status)
        try checkWriters(path, status, "library")
    }

    private static func remedy(forNoFile status: stat, at path: String, of id: String) -> String {
        let rule = "a plugin's library must be a file"
        guard status.st_mode & S_IFMT == S_IFDIR else { return rule }
        let inside = "\(path)/lib\(id).so"
        return "it is a folder; \(exists(inside) ? "name the library in it: \(inside)" : rule)"
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
