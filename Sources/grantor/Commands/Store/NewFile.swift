// SPDX-License-Identifier: Apache-2.0

import Foundation

/// A file that appears under its name only once it is complete, and that only its owner can read.
///
/// It is written to a second file beside it, whose name ends with `.partial`. A file that exists is never replaced.
final class NewFile {
    private let path: String
    private let partial: String
    private let descriptor: Int32
    private var isFinished = false

    /// Creates the file.
    ///
    /// - Parameter path: The path, which must not exist.
    /// - Throws: `Failure`.
    init(_ path: String) throws {
        (self.path, partial) = (path, path + ".partial")
        guard !NewFile.exists(path) else { throw NewFile.taken(path) }
        descriptor = try NewFile.create(partial)
    }

    deinit {
        // Safe: paths are C strings for the duration of a call, here and below.
        if !isFinished { unsafe unlink(partial) }
        Foundation.close(descriptor)
    }

    private static func exists(_ path: String) -> Bool {
        // Safe: the system only writes to the structure during the call.
        var status = stat()
        return unsafe lstat(path, &status) == 0
    }

    private static func taken(_ path: String) -> Failure {
        Failure("the file '\(path)' exists; name another one, since an old copy is never replaced")
    }

    private static func problem(_ path: String, _ what: String) -> Failure {
        // Safe: 'strerror' returns a string that ends with NUL.
        Failure(unsafe "the file '\(path)' cannot be \(what): \(String(cString: strerror(errno)))")
    }

    /// Creates the partial file, or takes over one whose writer was killed.
    private static func create(_ path: String) throws -> Int32 {
        // Without waiting for the reader of a pipe that somebody has put there.
        let flags = O_WRONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK
        var descriptor = unsafe Foundation.open(path, flags | O_CREAT | O_EXCL, 0o600)
        if descriptor < 0, errno == EEXIST { descriptor = unsafe Foundation.open(path, flags) }
        guard descriptor >= 0 else { throw problem(path, "created") }
        // The lock ends with the process that has it.
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0, isOwn(descriptor, path), fchmod(descriptor, 0o600) == 0,
            ftruncate(descriptor, 0) == 0
        else {
            Foundation.close(descriptor)
            throw Failure(
                "another process is writing '\(path)'; wait until it has ended, or delete the file. If there is none, the "
                    + "file system cannot keep a file with mode 0600; choose another one")
        }
        return descriptor
    }

    /// Whether a file is still the one at its path, and nobody else can have it open or linked.
    private static func isOwn(_ descriptor: Int32, _ path: String) -> Bool {
        // Safe: the system only writes to the structures during the calls.
        var (opened, named) = (stat(), stat())
        guard unsafe fstat(descriptor, &opened) == 0, unsafe lstat(path, &named) == 0 else { return false }
        return opened.st_ino == named.st_ino && opened.st_dev == named.st_dev && opened.st_nlink == 1
            && opened.st_uid == geteuid() && opened.st_mode & S_IFMT == S_IFREG && opened.st_mode & 0o077 == 0
    }

    /// Writes bytes.
    ///
    /// - Throws: `Failure`.
    func write(_ bytes: [UInt8]) throws {
        var rest = bytes[...]
        while !rest.isEmpty {
            // Safe: no more bytes are read than the slice holds.
            let written = unsafe rest.withUnsafeBytes { unsafe Foundation.write(descriptor, $0.baseAddress, $0.count) }
            if written < 0, errno == EINTR { continue }
            guard written > 0 else { throw NewFile.problem(path, "written") }
            rest = rest.dropFirst(written)
        }
    }

    /// Moves the file to its name, once all of it is on the disk.
    ///
    /// - Throws: `Failure`.
    func finish() throws {
        guard fsync(descriptor) == 0 else { throw NewFile.problem(path, "written") }
        // Unlike a rename, a link never replaces a file.
        guard unsafe link(partial, path) == 0 else {
            throw errno == EEXIST ? NewFile.taken(path) : NewFile.problem(path, "created")
        }
        isFinished = true
        unsafe unlink(partial)
        let folder = URL(fileURLWithPath: path).deletingLastPathComponent().path
        let opened = unsafe Foundation.open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        defer { if opened >= 0 { Foundation.close(opened) } }
        guard opened >= 0, fsync(opened) == 0 else { throw NewFile.problem(folder, "written") }
    }
}
