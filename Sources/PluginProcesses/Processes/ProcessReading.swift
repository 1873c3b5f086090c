// SPDX-License-Identifier: Apache-2.0

/// What one process has sent and printed so far.
struct ProcessReading {
    /// How long nothing more is read of what the process prints, after each 256 KiB of it.
    ///
    /// So a process that prints without end waits, and costs the server little.
    static let printPause = Duration.milliseconds(10)

    var frames = FrameReader(largest: Frame.largestAnswer)
    var lines = OutputLines()
    var block = [UInt8](repeating: 0, count: Channel.most)
    var isClosed = false
    /// Whether the process can still print something.
    var isPrinting = true
    var printsFrom = ContinuousClock.now
    private var printed = 0
    var checked = ContinuousClock.now
    /// The host calls of calls that have not been replied to.
    let waiting = WaitingBytes()
    /// The host calls that belong to no call of the server.
    let own = OwnHostCalls()
    /// The host calls for calls that have ended, since the last answer.
    var refused = 0
    /// The last number that was used before this process.
    let firstNumber: UInt64
    /// The number of the process among those that follow one another.
    let generation: Int

    init(firstNumber: UInt64, generation: Int) {
        self.firstNumber = firstNumber
        self.generation = generation
    }

    /// Reads what the process has printed.
    ///
    /// - Returns: The lines that have ended.
    mutating func print(_ output: Int32, _ now: ContinuousClock.Instant) -> [String] {
        guard let count = Channel.read(output, into: &block) else {
            isPrinting = false
            return []
        }
        printed += count
        if printed >= 4 * Channel.most { (printed, printsFrom) = (0, now + ProcessReading.printPause) }
        return lines.add(block.prefix(count))
    }
}
