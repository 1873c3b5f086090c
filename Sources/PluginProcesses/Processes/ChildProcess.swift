// SPDX-License-Identifier: Apache-2.0

import CPluginProcess
import Glibc
import GrantKit

/// A process of a plugin: the server's ends of its socket and of its output.
///
/// The thread that started it must live as long as the process, which dies with it.
struct ChildProcess: ~Copyable {
    /// Why the process was ended.
    enum End: Equatable {
        case exited(Int32)
        case killed(Int32)
        case unknown
    }

    private var process = grantor_process()

    /// Starts the program of a plugin.
    ///
    /// - Throws: `PluginStartError`.
    init(_ program: PluginProgram) throws {
        var limits = grantor_process_limits(
            memory: UInt64(clamping: program.limits.memory), descriptors: UInt64(clamping: program.limits.descriptors),
            switches_user: program.limits.user != nil, user: program.limits.user?.user ?? 0,
            group: program.limits.user?.group ?? 0)
        // Safe: every string lives until the call returns, and the list ends with nil.
        let words = unsafe program.arguments.map { unsafe strdup($0) }
        defer { for place in unsafe words.indices { unsafe free(words[place]) } }
        var step: UnsafePointer<CChar>?
        let number = unsafe grantor_process_start(words + [nil], &limits, &process, &step)
        guard number == 0 else {
            let what = unsafe step.map { unsafe String(cString: $0) } ?? "starting it"
            throw PluginStartError(
                unsafe "'\(program.arguments.first ?? "")' cannot be started: \(what): \(String(cString: strerror(number)))"
            )
        }
    }

    /// The server's end of the socket.
    var socket: Int32 { process.socket }
    /// What the process writes to standard output and standard error.
    var output: Int32 { process.output }
    /// Becomes readable when the process has ended.
    var ended: Int32 { process.end }
    /// The number of the process.
    var pid: Int32 { process.pid }

    /// Ends the process and everything that it has started in its session.
    ///
    /// - Returns: How it had ended, or that it was killed now.
    mutating func end() -> End {
        guard pid > 0 else { return .unknown }
        let status = unsafe grantor_process_end(&process)
        guard status >= 0 else { return .unknown }
        let signal = status & 0x7F
        return signal == 0 ? .exited(status >> 8 & 0xFF) : .killed(signal)
    }

    deinit {
        guard process.pid > 0 else { return }
        var process = self.process
        unsafe grantor_process_end(&process)
    }
}

/// What the kernel can do for processes of plugins.
package enum KernelSupport {
    /// Whether it can keep a process from looking into others of its user, such as the server.
    package static var keepsProcessesApart: Bool { grantor_keeps_processes_apart() }
}

/// The error for a program that cannot be started or does not describe itself.
package struct PluginStartError: Error, CustomStringConvertible {
    /// What is wrong.
    package let description: String
    /// Whether the plugin can run only in the server's own process.
    package let refusesIsolation: Bool

    /// Makes an error.
    package init(_ description: String, refusesIsolation: Bool = false) {
        self.description = description
        self.refusesIsolation = refusesIsolation
    }
}
