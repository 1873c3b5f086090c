// SPDX-License-Identifier: Apache-2.0

import Foundation

/// What the terminal was set to before it was told to show nothing, without a lock for the handler of signals.
///
/// It is written before the handler is set, and the system fills no more than it.
private nonisolated(unsafe) var shown = termios()

/// The terminal at standard input, showing nothing of what is typed; a signal that ends the process shows it again.
struct HiddenTerminal {
    private typealias Handler = @convention(c) (Int32) -> Void

    private let former: [(number: Int32, handler: Handler?)]

    /// Hides what is typed from now on, or gives nil if standard input is no terminal that can do so.
    init?() {
        guard unsafe tcgetattr(STDIN_FILENO, &shown) == 0 else { return nil }
        let end: Handler = { number in
            unsafe tcsetattr(STDIN_FILENO, TCSANOW, &shown)
            signal(number, SIG_DFL)
            raise(number)
        }
        var former = [SIGINT, SIGTERM, SIGHUP, SIGQUIT].map { (number: $0, handler: signal($0, end)) }
        // The shell shows what is typed while it has the terminal, and leaves it so to a process that goes on.
        former.append((SIGTSTP, signal(SIGTSTP, SIG_IGN)))
        self.former = former
        var hidden = unsafe shown
        hidden.c_lflag &= ~tcflag_t(ECHO)
        // Waits for what was written before; drops what was typed ahead.
        guard unsafe tcsetattr(STDIN_FILENO, TCSAFLUSH, &hidden) == 0 else {
            show()
            return nil
        }
    }

    /// Shows what is typed again.
    func show() {
        unsafe tcsetattr(STDIN_FILENO, TCSAFLUSH, &shown)
        for (number, handler) in former { signal(number, handler) }
    }
}
