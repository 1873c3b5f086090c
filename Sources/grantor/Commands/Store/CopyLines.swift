// SPDX-License-Identifier: Apache-2.0

import AuthorizationServer
import Cryptography
import Foundation
import GrantKit

/// The lines of a copy in a file, opened if it is sealed.
final class CopyLines {
    private static let part = 256 << 10

    let path: String
    private let file: FileHandle
    private var seal: AgeReader?
    private var waiting: [UInt8] = []
    private var start = 0
    private var searched = 0
    private(set) var number = 0

    /// Opens a file.
    ///
    /// - Parameters:
    ///   - path: The path.
    ///   - passphrase: What opens it; nil if the user named none.
    /// - Throws: `Failure`.
    init(_ path: String, openedWith passphrase: Secret?) throws {
        self.path = path
        let file = try CopyLines.open(path)
        self.file = file
        let first = try CopyLines.read(file, path)
        guard AgeReader.recognizes(first) else {
            waiting = first
            guard passphrase == nil else {
                throw Failure("'\(path)' is not sealed, so it is not the copy that you have sealed; use that one")
            }
            return
        }
        guard let passphrase else {
            throw Failure("'\(path)' is sealed; name its passphrase with --passphrase-file or --passphrase-env")
        }
        var isFirst = true
        seal = try wrong {
            try AgeReader(passphrase) {
                defer { isFirst = false }
                return isFirst ? first : try CopyLines.read(file, path)
            }
        }
    }

    /// Opens a file; a pipe could not be read twice, and waits for its other end.
    private static func open(_ path: String) throws -> FileHandle {
        // Safe: paths are C strings, and the system only writes to the structure, for the duration of a call.
        let descriptor = unsafe Foundation.open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        var status = stat()
        guard descriptor >= 0 else {
            throw Failure("the file '\(path)' cannot be read; check its name and its permissions")
        }
        let file = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
        guard unsafe fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
            throw Failure("'\(path)' is no file; a copy is read twice, so write it to a file first")
        }
        return file
    }

    private static func read(_ file: FileHandle, _ path: String) throws -> [UInt8] {
        do {
            return Array(try file.read(upToCount: part) ?? Data())
        } catch {
            throw Failure("'\(path)' cannot be read: the disk is failing")
        }
    }

    /// Runs what may find the file damaged, and says where.
    private func wrong<Value>(_ body: () throws -> Value) throws -> Value {
        do {
            return try body()
        } catch let error as CryptographyError {
            throw Failure("'\(path)' cannot be opened after line \(number): \(error); use another copy")
        }
    }

    /// The next line without its end; nil at the end of the file.
    ///
    /// - Throws: `Failure`.
    func next() throws -> ArraySlice<UInt8>? {
        while true {
            if let end = waiting[searched...].firstIndex(of: UInt8(ascii: "\n")) {
                defer { (start, searched, number) = (end + 1, end + 1, number + 1) }
                return waiting[start..<end]
            }
            guard waiting.count - start < CopyLine.longest else {
                throw fault("it is longer than 16 MiB", at: number + 1)
            }
            waiting.removeFirst(start)
            (start, searched) = (0, waiting.count)
            let more = try wrong { try seal?.read() ?? CopyLines.read(file, path) }
            guard !more.isEmpty else {
                guard waiting.isEmpty else { throw fault("it has no end, since the file was cut off", at: number + 1) }
                return nil
            }
            waiting += more
        }
    }

    /// An error about a line.
    func fault(_ what: String, at line: Int? = nil) -> Failure {
        Failure("'\(path)', line \(line ?? number): \(what); the file was damaged or is no copy, so use another one")
    }
}
