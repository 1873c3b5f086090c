// SPDX-License-Identifier: Apache-2.0

import Foundation
import Synchronization

/// The program's standard output, which gets nothing that plugins and their libraries print.
enum StandardOutput {
    /// The environment variable with the number of the descriptor, for plugins that write there on purpose.
    private static let variable = "GRANTOR_STDOUT"
    private static let descriptor = Mutex<Int32>(STDOUT_FILENO)

    /// Makes descriptor 1 lead to standard error, and keeps standard output on a descriptor of its own.
    ///
    /// Call this once, before any plugin is loaded: a library can print as soon as it is.
    static func claim() {
        openMissing()
        // Programs that this one starts do not inherit it.
        let kept = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3)
        guard kept >= 0, dup2(STDERR_FILENO, STDOUT_FILENO) >= 0 else { return }
        descriptor.withLock { $0 = kept }
        unsafe setenv(variable, "\(kept)", 1)
    }

    /// Opens the standard descriptors that the program was started without.
    ///
    /// Otherwise a file of the store could get their numbers, and what is printed would go into that file.
    private static func openMissing() {
        for number in STDIN_FILENO...STDERR_FILENO where fcntl(number, F_GETFD) < 0 {
            _ = unsafe open("/dev/null", O_RDWR)
        }
    }

    /// Whether a person sees what is printed.
    static var isTerminal: Bool { descriptor.withLock { isatty($0) == 1 } }

    /// Whether it leads to a file that other users can read.
    static var isReadByOthers: Bool {
        // Safe: the system only writes to the structure during the call.
        var status = stat()
        guard descriptor.withLock({ unsafe fstat($0, &status) }) == 0 else { return false }
        return status.st_mode & S_IFMT == S_IFREG && status.st_mode & 0o044 != 0
    }

    /// Writes bytes of which none may be lost.
    ///
    /// - Throws: `Failure`.
    static func write(_ bytes: [UInt8]) throws {
        try descriptor.withLock { descriptor in
            var rest = bytes[...]
            while !rest.isEmpty {
                // Safe: no more bytes are read than the slice holds.
                let written = unsafe rest.withUnsafeBytes {
                    unsafe Foundation.write(descriptor, $0.baseAddress, $0.count)
                }
                guard written > 0 || errno == EINTR || errno == EAGAIN else {
                    throw Failure(unsafe "standard output cannot be written: \(String(cString: strerror(errno)))")
                }
                if written > 0 { rest = rest.dropFirst(written) } else { usleep(10_000) }
            }
        }
    }

    /// Prints lines.
    ///
    /// What cannot be written is lost, for example because the reader of a pipe has ended.
    static func print(_ text: String) {
        var bytes = Array("\(text)\n".utf8)
        descriptor.withLock { descriptor in
            while !bytes.isEmpty {
                // Safe: no more bytes are read than the array holds.
                let written = unsafe Foundation.write(descriptor, bytes, bytes.count)
                guard written > 0 || errno == EINTR || errno == EAGAIN else { return }
                if written > 0 { bytes.removeFirst(written) } else { usleep(10_000) }
            }
        }
    }
}
