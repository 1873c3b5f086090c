// SPDX-License-Identifier: Apache-2.0

import Glibc
import GrantKit
import Synchronization

/// What went wrong with a file, for the server's log.
struct AuditError: Error, CustomStringConvertible {
    let description: String

    /// The system's last error, and what to do about it.
    init(_ what: String) {
        // 'strerror' gives a string that ends with NUL.
        let number = errno
        description = unsafe "\(what): \(String(cString: strerror(number)))"
    }

    init(saying description: String) {
        self.description = description
    }
}

/// A file to which lines are only added; commands write to it as well, and others may take it away at any time.
///
/// Whoever writes holds the file's lock. With the lock it looks whether the path still leads to the file, and opens it
/// anew if not: so it can be renamed, by this plugin in another process or by a program that rotates logs, and no line
/// goes where nobody looks for it.
final class AuditFile: AuditOutput {
    private let path: String
    private let largest: Int64
    private let keep: Int
    private let descriptor = Mutex<Int32?>(nil)

    init(path: String, largest: Int64, keep: Int) {
        self.path = path
        self.largest = largest
        self.keep = keep
    }

    deinit { close() }

    private var folder: String {
        guard let slash = path.utf8.lastIndex(of: UInt8(ascii: "/")) else { return "." }
        return slash == path.startIndex ? "/" : String(path[..<slash])
    }

    func open() throws {
        // The path is a C string for as long as the call runs.
        _ = try opened()
        if largest > 0, unsafe access(folder, W_OK) != 0 {
            throw AuditError("'\(folder)' cannot be written to, which 'max_size' needs; mend it or set 'max_size: 0'")
        }
    }

    func close() {
        descriptor.withLock { descriptor in
            if let file = descriptor { _ = Glibc.close(file) }
            descriptor = nil
        }
    }

    private func opened() throws -> Int32 {
        // Paths are C strings for as long as the call runs.
        try descriptor.withLock { descriptor in
            if let file = descriptor { return file }
            if unsafe mkdir(folder, 0o700) != 0, errno != EEXIST {
                throw AuditError("the folder '\(folder)' cannot be made: \(AuditFile.reason())")
            }
            let file = unsafe Glibc.open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NOCTTY, 0o600)
            guard file >= 0 else { throw AuditError("the file '\(path)' cannot be opened: \(AuditFile.reason())") }
            handOver(file)
            descriptor = file
            return file
        }
    }

    /// What the system says of the last call that failed.
    private static func reason() -> String { unsafe String(cString: strerror(errno)) }

    /// A command that root runs must not leave a file that the server cannot write to.
    private func handOver(_ file: Int32) {
        // The system fills what belongs to the caller.
        var (status, place) = (stat(), stat())
        guard geteuid() == 0, unsafe fstat(file, &status) == 0, status.st_uid == 0, status.st_size == 0,
            unsafe stat(folder, &place) == 0, place.st_uid != 0
        else { return }
        _ = fchown(file, place.st_uid, place.st_gid)
    }

    // MARK: writing

    func write(_ lines: [UInt8]) async throws {
        // The system fills what belongs to the caller.
        while true {
            let file = try await locked()
            defer { flock(file, LOCK_UN) }
            var status = stat()
            guard unsafe fstat(file, &status) == 0 else { throw AuditError("the file '\(path)' cannot be looked at") }
            let isFile = status.st_mode & S_IFMT == S_IFREG
            if largest > 0, isFile, status.st_size > 0, Int64(status.st_size) + Int64(lines.count) > largest {
                try rotate()
                continue
            }
            return try append(lines, to: file, at: isFile ? status.st_size : nil)
        }
    }

    /// The file that the path leads to, with its lock.
    private func locked() async throws -> Int32 {
        // The system fills what belongs to the caller.
        for _ in 0..<400 {
            let file = try opened()
            guard flock(file, LOCK_EX | LOCK_NB) == 0 else {
                guard errno == EWOULDBLOCK || errno == EINTR else {
                    throw AuditError("the file '\(path)' cannot be locked")
                }
                try await Task.sleep(for: .milliseconds(5))
                continue
            }
            var (mine, current) = (stat(), stat())
            if unsafe fstat(file, &mine) == 0, unsafe stat(path, &current) == 0, mine.st_ino == current.st_ino,
                mine.st_dev == current.st_dev
            {
                return file
            }
            close()
        }
        throw AuditError(saying: "the file '\(path)' is locked by another process")
    }

    /// Adds all or nothing: half a line would spoil the next one.
    private func append(_ lines: [UInt8], to file: Int32, at size: off_t?) throws {
        // No more is written than the buffer still holds.
        var written = 0
        while written < lines.count {
            let count = unsafe lines.withUnsafeBytes {
                unsafe Glibc.write(file, $0.baseAddress?.advanced(by: written), $0.count - written)
            }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else {
                let error = AuditError("the file '\(path)' cannot be written to")
                if let size, written > 0 { ftruncate(file, size) }
                throw error
            }
            written += count
        }
    }

    /// Moves each file one place on; the last one goes.
    private func rotate() throws {
        // Paths are C strings for as long as the call runs.
        for number in stride(from: keep - 1, through: 1, by: -1) {
            guard unsafe rename("\(path).\(number)", "\(path).\(number + 1)") == 0 || errno == ENOENT else {
                throw AuditError("'\(path).\(number)' cannot be renamed")
            }
        }
        guard unsafe rename(path, "\(path).1") == 0 else { throw AuditError("'\(path)' cannot be renamed") }
    }
}

/// Standard output: for containers, whose lines somebody else keeps.
struct StandardOutput: AuditOutput {
    func open() {}
    func close() {}

    func write(_ lines: [UInt8]) async throws {
        // No more is written than the buffer still holds.
        var written = 0
        while written < lines.count {
            let count = unsafe lines.withUnsafeBytes {
                unsafe Glibc.write(1, $0.baseAddress?.advanced(by: written), $0.count - written)
            }
            if count > 0 {
                written += count
            } else if errno == EAGAIN {
                try await Task.sleep(for: .milliseconds(5))
            } else if errno != EINTR {
                throw AuditError("standard output cannot be written to")
            }
        }
    }
}
