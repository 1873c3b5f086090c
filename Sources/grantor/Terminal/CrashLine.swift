// SPDX-License-Identifier: Apache-2.0

import CCrashLine
import ServerHTTP

/// The line on standard error that names the plugin when a signal ends the process or a plugin calls `exit`.
enum CrashLine {
    /// Starts watching for signals and `exit`.
    ///
    /// Swift installs its own handlers before `main`, and they still run.
    static func install() {
        grantor_crash_install()
    }

    /// Says what the calling thread does for a plugin, such as `plugin 'a', request 'b'`.
    ///
    /// - Parameter text: A string that lives until the next call on this thread; nil if no plugin runs any more.
    static func note(_ text: UnsafePointer<CChar>?) {
        // Safe: the caller keeps the string alive.
        unsafe grantor_crash_note(text)
    }

    /// Says that no plugin runs on the calling thread any more.
    static func clear() {
        grantor_crash_note(nil)
    }

    /// Gives a thread that serves requests a stack for signals, so that a stack overflow can be reported.
    static func protectThreads() {
        HTTPListener.onEachThread { _ = grantor_crash_protect_thread() }
    }

    /// Names a plugin when its code crashes, on any thread; needs no note.
    static func add(libraryAt path: String, of id: String) {
        // Safe: the strings are copied or no longer used when the call returns.
        unsafe grantor_crash_library(path, id)
    }

    /// Says that the program is about to end by itself.
    static func endsNow() {
        grantor_crash_ending()
    }
}
