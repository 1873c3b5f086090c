// SPDX-License-Identifier: Apache-2.0

import Dispatch
import Foundation

/// Ends the command if a plugin is not made in time, since nothing can interrupt its `init` and `register`.
enum MakingWatch {
    static func during<Made>(_ seconds: Int, _ id: String, _ make: () throws -> Made) rethrows -> Made {
        let done = DispatchSemaphore(value: 0)
        Thread.detachNewThread {
            guard done.wait(timeout: .now() + .seconds(seconds)) == .timedOut else { return }
            StandardOutput.print(
                "BROKEN  plugin '\(id)': its 'init' or 'register' does not end within \(seconds) seconds; do input and "
                    + "output in 'start'")
            LogWriter.standardError.flush()
            CrashLine.endsNow()
            exit(EXIT_FAILURE)
        }
        defer { done.signal() }
        return try make()
    }
}
