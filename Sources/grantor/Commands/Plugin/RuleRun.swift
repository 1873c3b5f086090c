// SPDX-License-Identifier: Apache-2.0

import Dispatch
import Foundation
import GrantKitTesting
import OutsideText
import Synchronization

/// Checks rules one after another and prints a line for each.
struct RuleRun: Sendable {
    let id: String
    let checks: [PluginCheck]
    /// How many seconds a rule may take.
    let limit: Int
    let printed: PrintedText?

    private enum End: Sendable {
        case kept
        case broken(String)
        case hanging
    }

    /// The end of a rule, which its task sets.
    private final class Outcome: Sendable {
        let end = Mutex(End.hanging)
        let signal = DispatchSemaphore(value: 0)
    }

    /// Checks all rules, and waits on this thread.
    ///
    /// - Returns: The number of broken rules.
    func report() -> Int {
        reportPrinted("while it was loaded")
        var (broken, isHanging) = (0, false)
        for check in checks {
            let end = run(check)
            if case .kept = end {} else { broken += 1 }
            if case .hanging = end { isHanging = true }
            show(check, end)
            reportPrinted("meanwhile")
        }
        StandardOutput.print(summary(broken))
        // Nothing else could end the process, if the plugin blocks all threads on which Swift runs tasks.
        if isHanging {
            LogWriter.standardError.flush()
            CrashLine.endsNow()
            exit(EXIT_FAILURE)
        }
        return broken
    }

    private func run(_ check: PluginCheck) -> End {
        let outcome = Outcome()
        let threads = RuleThreads(note: "plugin '\(id)', rule '\(check)'")
        let task = Task(executorPreference: threads) {
            do {
                try await check.run()
                outcome.end.withLock { $0 = .kept }
            } catch {
                let sentence = "\(error)"
                outcome.end.withLock { $0 = .broken(sentence) }
            }
            outcome.signal.signal()
        }
        guard outcome.signal.wait(timeout: .now() + .seconds(limit)) == .success else {
            // On another thread, since handlers of the cancellation are code of the plugin.
            Thread.detachNewThread { task.cancel() }
            return .hanging
        }
        threads.end()
        return outcome.end.withLock { $0 }
    }

    private func show(_ check: PluginCheck, _ end: End) {
        switch end {
        case .kept: StandardOutput.print("ok      \(check)")
        case .broken(let sentence):
            StandardOutput.print("BROKEN  \(check)\n        \(ShownText.onOneLine(sentence))")
        case .hanging:
            StandardOutput.print(
                "BROKEN  \(check)\n        it does not end within \(limit) seconds: no call may wait that long, or block "
                    + "its thread; if the plugin is only slow, use '--limit'")
        }
    }

    private func reportPrinted(_ moment: String) {
        guard let count = printed?.passOn(), count > 0 else { return }
        StandardOutput.print(
            "note    \(moment), the plugin printed \(count) bytes to standard output; write to the log with host.log")
    }

    private func summary(_ broken: Int) -> String {
        guard !checks.isEmpty else { return "\(id): the kit has no rules for what the plugin adds" }
        guard broken > 0 else { return "\(id): keeps all \(checks.count) rules" }
        return "\(id): breaks \(broken) of \(checks.count) rules"
    }
}
