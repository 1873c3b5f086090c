// SPDX-License-Identifier: Apache-2.0

import Foundation
import Logging

/// Names the plugin that is being loaded if loading crashes the process or takes long.
enum LoadingWatch {
    /// The time after which the log says what is still running, in seconds.
    private static let limit = 5

    /// Runs code of a plugin that should return at once.
    ///
    /// - Parameters:
    ///   - id: The plugin's id.
    ///   - step: What the code does, such as "loading its library".
    ///   - body: Runs the code.
    /// - Returns: What the body returns.
    /// - Throws: What the body throws.
    static func during<Value>(_ id: String, _ step: String, _ body: () throws -> Value) throws -> Value {
        let warning = DispatchWorkItem {
            Logger(label: "grantor").warning(
                "loading plugin '\(id)' takes long",
                metadata: [
                    "step": "\(step)", "seconds": "\(limit)", "advice": "a plugin must not wait while it is loaded",
                ])
        }
        DispatchQueue.global().asyncAfter(deadline: .now() + .seconds(limit), execute: warning)
        defer { warning.cancel() }
        // Safe: the string lives until the body has returned, and the note is cleared before.
        return try unsafe "plugin '\(id)', \(step)".withCString { note in
            unsafe CrashLine.note(note)
            defer { CrashLine.clear() }
            return try body()
        }
    }
}
