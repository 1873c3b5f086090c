// SPDX-License-Identifier: Apache-2.0

/// The way to the process that runs now: its socket, and what waits until it reads.
struct ProcessInput {
    private var socket: Int32 = -1
    private var generation = 0
    private var outgoing = Outgoing()

    /// The bytes that wait.
    var waiting: Int { outgoing.count }

    /// Begins with a new process.
    ///
    /// - Parameters:
    ///   - socket: Its socket.
    ///   - generation: Its number.
    mutating func open(_ socket: Int32, of generation: Int) {
        self = ProcessInput()
        (self.socket, self.generation) = (socket, generation)
    }

    /// Ends with the process, whose socket is about to be closed.
    mutating func close() {
        self = ProcessInput()
    }

    /// Writes a frame to a process, or keeps it until the process reads.
    ///
    /// - Returns: False if that process has ended.
    mutating func send(_ frame: [UInt8], to generation: Int) -> Bool {
        socket >= 0 && self.generation == generation && outgoing.send(frame, to: socket)
    }

    /// Writes what waits, as far as it fits.
    mutating func flush() {
        if socket >= 0 { _ = outgoing.flush(to: socket) }
    }
}
