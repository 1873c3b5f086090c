// SPDX-License-Identifier: Apache-2.0

/// The bytes that wait until a process reads them.
struct Outgoing {
    /// The bytes that may wait before no more calls are added.
    static let most = 4 << 20
    /// The bytes that may wait at all: replies are added too, since the process has asked for them.
    static let mostWithReplies = 32 << 20

    private var bytes: [UInt8] = []
    private var start = 0

    var count: Int { bytes.count - start }
    var isEmpty: Bool { count == 0 }
    /// Whether so many bytes wait that no more calls are added.
    var isFull: Bool { count > Outgoing.most }

    /// Writes a frame behind those that wait, as far as it fits.
    ///
    /// - Returns: False if the other end is closed.
    mutating func send(_ frame: [UInt8], to socket: Int32) -> Bool {
        guard isEmpty else {
            bytes += frame
            return true
        }
        guard let count = Channel.write(frame[...], to: socket) else { return false }
        (bytes, start) = count == frame.count ? ([], 0) : (Array(frame[count...]), 0)
        return true
    }

    /// Writes what waits, as far as it fits.
    ///
    /// - Returns: False if the other end is closed.
    mutating func flush(to socket: Int32) -> Bool {
        guard let count = Channel.write(bytes[start...], to: socket) else { return false }
        start += count
        // What has been written is dropped even if something always waits, each byte being moved about once.
        if start > bytes.count / 2 {
            bytes.removeSubrange(..<start)
            start = 0
        }
        return true
    }
}
