// SPDX-License-Identifier: Apache-2.0

import Glibc

/// Reads and writes descriptors without waiting.
enum Channel {
    /// The most bytes that are read at once.
    static let most = 1 << 16

    /// Reads what has arrived.
    ///
    /// - Parameters:
    ///   - descriptor: A descriptor that does not block.
    ///   - block: Receives the bytes, at most its size.
    /// - Returns: The number of bytes, 0 if nothing has arrived; nil if the other end is closed.
    static func read(_ descriptor: Int32, into block: inout [UInt8]) -> Int? {
        // Safe: the system writes no more than the size of the block.
        let count = unsafe Glibc.read(descriptor, &block, block.count)
        if count > 0 { return count }
        return count < 0 && (errno == EAGAIN || errno == EINTR) ? 0 : nil
    }

    /// Writes as much as fits into the socket.
    ///
    /// - Returns: The number of bytes that were written; nil if the other end is closed.
    static func write(_ bytes: ArraySlice<UInt8>, to socket: Int32) -> Int? {
        let flags = Int32(truncatingIfNeeded: Int(MSG_DONTWAIT) | Int(MSG_NOSIGNAL))
        // Safe: the system reads no more than the bytes.
        let count = unsafe bytes.withUnsafeBytes { unsafe send(socket, $0.baseAddress, $0.count, flags) }
        if count >= 0 { return count }
        return errno == EAGAIN || errno == EINTR ? 0 : nil
    }

    /// Waits until a descriptor is ready, at most for some milliseconds; -1 waits without limit.
    static func wait(for polls: inout [pollfd], milliseconds: Int32) {
        // Safe: the system is told the number of entries.
        _ = unsafe poll(&polls, nfds_t(polls.count), milliseconds)
    }
}
