// SPDX-License-Identifier: Apache-2.0

import Glibc

/// Wakes the thread that waits for sockets.
final class Wakeup: Sendable {
    /// The end that can be read once there is a signal.
    let descriptor: Int32
    private let written: Int32

    /// - Throws: `Failure.unreachable` if the process has no descriptor left.
    init() throws(Failure) {
        // Safe: the call writes two numbers.
        var ends: [Int32] = [-1, -1]
        guard unsafe pipe(&ends) == 0 else { throw .unreachable("this process has too many open files") }
        (descriptor, written) = (ends[0], ends[1])
        for end in ends {
            _ = fcntl(end, F_SETFD, FD_CLOEXEC)
            _ = fcntl(end, F_SETFL, O_NONBLOCK)
        }
    }

    deinit {
        close(descriptor)
        close(written)
    }

    func signal() {
        // Safe: one byte is read from the array. It fails only if the pipe is full of signals.
        _ = unsafe write(written, [UInt8(1)], 1)
    }

    func clear() {
        // Safe: the system is told the length of the buffer.
        var bytes = [UInt8](repeating: 0, count: 64)
        while unsafe read(descriptor, &bytes, bytes.count) == bytes.count {}
    }
}
