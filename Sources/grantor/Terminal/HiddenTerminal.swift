// SPDX-License-Identifier: Apache-2.0

import Foundation

/// The settings of the terminal before echo was turned off; a signal handler reads them, so no lock protects them.
///
/// Safe: they are written before the handler is installed, and the system writes only to this structure.
private nonisolated(unsafe) var shown = termios()

/// The terminal at standard input with echo turned off; a signal that ends the process turns it on again.
struct HiddenTerminal {
    private typealias Handler = @convention(c) (Int32) -> Void

    private let former: [(number: Int32, handler: Handler?)]

    /// Turns echo off; nil if standard input is not a terminal that can do so.
    init?() {
        guard unsafe tcgetattr(STDIN_FILENO, &shown) == 0 else { return nil }
        let end: Handler = { number in
            unsafe tcsetattr(STDIN_FILENO, TCSANOW, &shown)
            signal(number, SIG_DFL)
            raise(number)
        }
        var former = [SIGINT, SIGTERM, SIGHUP, SIGQUIT].map { (number: $0, handler: signal($0, end)) }
        // Ignored: the shell turns echo on while the process is stopped, and does not turn it off when it continues.
        former.append((SIGTSTP, signal(SIGTSTP, SIG_IGN)))
        self.former = former
        var hidden = unsafe shown
        hidden.c_lflag &= ~tcflag_t(ECHO)
        // Waits for pending output and discards what was typed ahead.
        guard unsafe tcsetattr(STDIN_FILENO, TCSAFLUSH, &hidden) == 0 else {
            show()
            return nil
        }
    }

    /// Restores the terminal and the signal handlers.
    func show() {
        unsafe tcsetattr(STDIN_FILENO, TCSAFLUSH, &shown)
        for (number, handler) in former { signal(number, handler) }
    }
}
