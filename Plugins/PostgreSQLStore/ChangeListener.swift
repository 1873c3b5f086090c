// SPDX-License-Identifier: Apache-2.0

import Foundation
import GrantKit
import Synchronization

/// Listens for notifications on a connection of its own, and raises a signal for each.
///
/// Nothing relies on it, since the node asks for changes anyway. So it only tries again when the connection is lost.
final class ChangeListener: Sendable {
    private let address: ServerAddress
    private let signal: ChangeSignal
    private let log: any LogService
    private let wakeup: Wakeup
    private let isStopped = Atomic(false)

    /// Starts to listen.
    ///
    /// - Throws: `Failure.unreachable` if the process has no descriptor left.
    init(at address: ServerAddress, _ signal: ChangeSignal, log: any LogService) throws(Failure) {
        (self.address, self.signal, self.log, wakeup) = (address, signal, log, try Wakeup())
        let thread = Thread { [self] in
            Thread.current.name = "postgres-listen"
            run()
        }
        thread.start()
    }

    /// Ends the thread soon.
    func stop() {
        isStopped.store(true, ordering: .releasing)
        wakeup.signal()
    }

    private var isRunning: Bool { !isStopped.load(ordering: .acquiring) }

    private func run() {
        var isFailing = false
        while isRunning {
            do throws(Failure) {
                let connection = try address.connect()
                try connection.run("LISTEN \(Statement.channel)")
                if isFailing { log.notice("the node listens for changes of the store again") }
                isFailing = false
                while isRunning, connection.isOpen {
                    // What was committed before the node listened was not told.
                    signal.raise()
                    wait(for: connection)
                }
            } catch {
                if !isFailing {
                    log.warning(
                        "the node cannot listen for changes of the store, so it only asks for them",
                        ["reason": error.explained(address.place).message])
                }
                isFailing = true
            }
            if isRunning { _ = wait(for: -1, milliseconds: 2000) }
        }
    }

    /// Waits for a notification, or for the end of the connection.
    private func wait(for connection: Connection) {
        while isRunning, connection.isOpen {
            guard wait(for: connection.descriptor, milliseconds: 10_000) else { continue }
            guard connection.receive() else { return }
            if connection.takeNotifications() { return }
        }
    }

    /// Waits until a socket can be read.
    ///
    /// - Parameters:
    ///   - descriptor: The socket; -1 for none.
    ///   - milliseconds: The longest time.
    /// - Returns: Whether there is something to read.
    private func wait(for descriptor: Int32, milliseconds: Int32) -> Bool {
        var sockets = [
            pollfd(fd: wakeup.descriptor, events: Int16(POLLIN), revents: 0),
            pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0),
        ]
        // Safe: the system writes to the array during the call, and is told its length.
        _ = unsafe poll(&sockets, nfds_t(sockets.count), milliseconds)
        return sockets[1].revents != 0
    }
}
