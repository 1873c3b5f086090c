// SPDX-License-Identifier: Apache-2.0

import Glibc
import OutsideText

/// The file `plugins.lock` beside a configuration.
public struct PluginLockFile: Sendable {
    /// The name in messages, beside the configuration as the operator wrote it.
    public let name: String
    private let path: String
    private let folder: String
    /// Enough for thousands of plugins.
    private static let largest = 1 << 20

    /// Names the file beside a configuration.
    ///
    /// - Parameters:
    ///   - folder: The folder of the configuration.
    ///   - configuration: The name of the configuration as the operator wrote it.
    public init(in folder: String, beside configuration: String) {
        self.folder = folder
        path = "\(folder)/plugins.lock"
        name = configuration.raw.cut(atLast: "/").map { "\($0.before.string)/plugins.lock" } ?? "plugins.lock"
    }

    private func failure(_ what: String) -> PluginLoadingError {
        // Safe: 'strerror' returns a string that ends with NUL.
        PluginLoadingError("\(name) \(what)", note: unsafe String(cString: strerror(errno)))
    }

    // MARK: reading

    /// Reads the file; nil if there is none.
    ///
    /// - Throws: `PluginLoadingError`.
    public func read() throws -> PluginLock? {
        // Safe: the path is a C string for the duration of the call.
        // Opening a pipe in the file's place must not wait for a writer.
        let descriptor = unsafe Glibc.open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY)
        guard descriptor >= 0 else {
            if errno == ENOENT { return nil }
            throw failure("cannot be read")
        }
        defer { close(descriptor) }
        return try PluginLock(parsing: content(of: descriptor), name: name)
    }

    private func content(of descriptor: Int32) throws -> [UInt8] {
        // Safe: the system is told the size of the array and writes no more, and only writes to the structure.
        var status = stat()
        guard unsafe fstat(descriptor, &status) == 0 else { throw failure("cannot be examined") }
        guard status.st_mode & S_IFMT == S_IFREG else {
            throw PluginLoadingError("\(name) is not a regular file", note: PluginLockParser.remedy)
        }
        var (bytes, block): ([UInt8], [UInt8]) = ([], Array(repeating: 0, count: 1 << 16))
        let size = block.count
        while bytes.count <= PluginLockFile.largest {
            let count = unsafe pread(descriptor, &block, size, bytes.count)
            guard count >= 0 else { throw failure("cannot be read") }
            if count == 0 { return bytes }
            bytes += block.prefix(count)
        }
        throw PluginLoadingError("\(name) is larger than 1 MiB", note: PluginLockParser.remedy)
    }

    // MARK: writing

    /// Replaces the file as a whole, so that nobody reads half of it, even if two commands write at once.
    ///
    /// - Throws: `PluginLoadingError`.
    public func write(_ lock: PluginLock) throws {
        // Safe: paths are C strings for the duration of a call, and the system only writes to the structure.
        var former = stat()
        let exists = unsafe lstat(path, &former) == 0
        guard !exists || former.st_mode & S_IFMT != S_IFLNK else {
            throw PluginLoadingError(
                "\(name) is a symbolic link, which would be replaced",
                note: "remove it, or run the command with the configuration beside the file that it leads to")
        }
        let temporary = "\(folder)/.plugins.lock.\(String(UInt64.random(in: 0 ... .max), radix: 16))"
        let descriptor = unsafe Glibc.open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0o644)
        guard descriptor >= 0 else { throw failure("cannot be written") }
        do {
            var bytes = Array(lock.text.utf8)
            if bytes.count > PluginLockFile.largest { bytes = Array(lock.withoutDescriptions.text.utf8) }
            try fill(descriptor, bytes, as: exists ? former : nil)
            guard unsafe rename(temporary, path) == 0 else { throw failure("cannot be replaced") }
        } catch {
            _ = unsafe unlink(temporary)
            throw error
        }
    }

    /// Writes a new file, with the owner and the permissions of the former one.
    private func fill(_ descriptor: Int32, _ bytes: [UInt8], as former: stat?) throws {
        // Safe: no more bytes are read than the array holds.
        defer { close(descriptor) }
        if let former {
            _ = fchown(descriptor, former.st_uid, former.st_gid)
            _ = fchmod(descriptor, former.st_mode & 0o777)
        }
        var rest = bytes
        while !rest.isEmpty {
            let count = unsafe Glibc.write(descriptor, rest, rest.count)
            guard count > 0 else { throw failure("cannot be written") }
            rest.removeFirst(count)
        }
        // Otherwise, the file could be empty after a power failure.
        guard fsync(descriptor) == 0 else { throw failure("cannot be written") }
    }
}
