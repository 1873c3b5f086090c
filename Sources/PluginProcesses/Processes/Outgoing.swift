// SPDX-License-Identifier: Apache-2.0

/// The bytes that wait until a process reads them.
struct Outgoing {
    /// The most bytes that may wait.
    static let most = 4 << 20

    private var bytes: [UInt8] = []
    private var start = 0

    var isEmpty: Bool { start == bytes.count }

    /// Whether so many bytes wait that no more are added.
    var isFull: Bool { bytes.count - start > Outgoing.most }

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
        if isEmpty { (bytes, start) = ([], 0) }
        return true
    }
}
