// SPDX-License-Identifier: Apache-2.0

import Glibc
import GrantKit
import Synchronization

/// An error with a file, for the server's log.
struct AuditError: Error, CustomStringConvertible {
    let description: String

    /// Adds the system's last error to a description.
    init(_ what: String) {
        // Safe: 'strerror' returns a string that ends with NUL.
        let number = errno
        description = unsafe "\(what): \(String(cString: strerror(number)))"
    }

    init(saying description: String) {
        self.description = description
    }
}

/// An append-only file that the server and commands write to, and that may be renamed at any time.
///
/// A writer locks the file, checks that the path still leads to it, and opens it again if not. So this plugin in
/// another process, or a program that rotates logs, can rename the file and no line ends up in the wrong file.
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
        // Safe: the path is a C string for the duration of the call.
        _ = try opened()
        if largest > 0, unsafe access(folder, W_OK) != 0 {
            throw AuditError(
                "'max_size' needs write access to the folder '\(folder)'; grant it or set 'max_size: 0'")
        }
    }

    func close() {
        descriptor.withLock { descriptor in
            if let file = descriptor { _ = Glibc.close(file) }
            descriptor = nil
        }
    }

    private func opened() throws -> Int32 {
        // Safe: the paths are C strings for the duration of the calls.
        try descriptor.withLock { descriptor in
            if let file = descriptor { return file }
            if unsafe mkdir(folder, 0o700) != 0, errno != EEXIST {
                throw AuditError("the folder '\(folder)' cannot be created: \(AuditFile.reason())")
            }
            let file = unsafe Glibc.open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NOCTTY, 0o600)
            guard file >= 0 else { throw AuditError("the file '\(path)' cannot be opened: \(AuditFile.reason())") }
            handOver(file)
            descriptor = file
            return file
        }
    }

    /// The system's description of its last error.
    private static func reason() -> String { unsafe String(cString: strerror(errno)) }

    /// Gives a new file to the owner of its folder, so that a command run by root does not create a file that the
    /// server cannot write to.
    private func handOver(_ file: Int32) {
        // Safe: the system only writes to the structures during the calls.
        var (status, place) = (stat(), stat())
        guard geteuid() == 0, unsafe fstat(file, &status) == 0, status.st_uid == 0, status.st_size == 0,
            unsafe stat(folder, &place) == 0, place.st_uid != 0
        else { return }
        _ = fchown(file, place.st_uid, place.st_gid)
    }

    // MARK: writing

    func write(_ lines: [UInt8]) async throws {
        // Safe: the system only writes to the structure during the call.
        while true {
            let file = try await locked()
            defer { flock(file, LOCK_UN) }
            var status = stat()
            guard unsafe fstat(file, &status) == 0 else { throw AuditError("the file '\(path)' cannot be examined") }
            let isFile = status.st_mode & S_IFMT == S_IFREG
            if largest > 0, isFile, status.st_size > 0, Int64(status.st_size) + Int64(lines.count) > largest {
                try rotate()
                continue
            }
            return try append(lines, to: file, at: isFile ? status.st_size : nil)
        }
    }

    /// Opens and locks the file to which the path leads.
    private func locked() async throws -> Int32 {
        // Safe: the system only writes to the structures during the calls.
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

    /// Appends all lines or none, since half a line would spoil the next one.
    private func append(_ lines: [UInt8], to file: Int32, at size: off_t?) throws {
        // Safe: no more bytes are read than the array holds.
        var written = 0
        while written < lines.count {
            let count = unsafe lines.withUnsafeBytes {
                unsafe Glibc.write(file, $0.baseAddress?.advanced(by: written), $0.count - written)
            }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else {
                let error = AuditError("cannot write to the file '\(path)'")
                if let size, written > 0 { ftruncate(file, size) }
                throw error
            }
            written += count
        }
    }

    /// Renames each file to the next number; the last one is overwritten.
    private func rotate() throws {
        // Safe: the paths are C strings for the duration of the calls.
        for number in stride(from: keep - 1, through: 1, by: -1) {
            guard unsafe rename("\(path).\(number)", "\(path).\(number + 1)") == 0 || errno == ENOENT else {
                throw AuditError("'\(path).\(number)' cannot be renamed")
            }
        }
        guard unsafe rename(path, "\(path).1") == 0 else { throw AuditError("'\(path)' cannot be renamed") }
    }
}

/// Standard output, for containers, whose output is collected by other software.
struct StandardOutput: AuditOutput {
    /// The descriptor of the program's standard output, since descriptor 1 leads to standard error.
    private let descriptor = StandardOutput.kept

    private static var kept: Int32 {
        // Safe: the server sets the variable before it loads plugins. Its value ends with NUL.
        guard let number = unsafe getenv("GRANTOR_STDOUT") else { return STDOUT_FILENO }
        return unsafe Int32(String(cString: number)) ?? STDOUT_FILENO
    }

    func open() {}
    func close() {}

    func write(_ lines: [UInt8]) async throws {
        // Safe: no more bytes are read than the array holds.
        var written = 0
        while written < lines.count {
            let count = unsafe lines.withUnsafeBytes {
                unsafe Glibc.write(descriptor, $0.baseAddress?.advanced(by: written), $0.count - written)
            }
            if count > 0 {
                written += count
            } else if errno == EAGAIN {
                try await Task.sleep(for: .milliseconds(5))
            } else if errno != EINTR {
                throw AuditError("cannot write to standard output")
            }
        }
    }
}
