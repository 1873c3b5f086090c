// SPDX-License-Identifier: Apache-2.0

import AuthorizationServer
package import CPluginLibrary
import Foundation
package import GrantKit
import Synchronization

/// What a library with the C interface made of its settings: it describes itself, and answers calls.
package final class CPlugin: Sendable {
    /// Runs code of the library, which may block the thread.
    package typealias Runner = @Sendable (@escaping @Sendable () -> Void) -> Void

    private let id: String
    private let functions: grantor_library
    /// The address by which the library knows the plugin.
    private let address: UInt
    private let state = Mutex(State())

    private struct State {
        var calls = 0
        var wasCalled = false
        var isReleased = false

        /// Whether the library may release the plugin, which it does once.
        mutating func takesRelease() -> Bool {
            guard calls == 0, !isReleased else { return false }
            isReleased = true
            return true
        }
    }

    private init(_ id: String, _ functions: grantor_library, _ address: UInt) {
        self.id = id
        self.functions = functions
        self.address = address
    }

    /// Has the library release a plugin that was not stopped, or that had calls then.
    deinit {
        let (takesRelease, wasCalled) = state.withLock { ($0.takesRelease(), $0.wasCalled) }
        guard takesRelease else { return }
        // This may be the thread of an event loop, or one on which the library has just answered its last call.
        guard wasCalled else { return unsafe functions.release(UnsafeMutableRawPointer(bitPattern: address)) }
        Thread.detachNewThread { [functions, address] in
            unsafe functions.release(UnsafeMutableRawPointer(bitPattern: address))
        }
    }

    /// Has the library release the plugin now, unless it has not answered all calls; it must not be called again.
    func release() {
        guard state.withLock({ $0.takesRelease() }) else { return }
        // Safe: no call of the plugin is in progress, and none begins.
        unsafe functions.release(UnsafeMutableRawPointer(bitPattern: address))
    }

    /// Notes that a call begins.
    ///
    /// - Throws: `PluginUnavailable` if the library has released the plugin.
    private func begin() throws {
        try state.withLock { state in
            guard !state.isReleased else {
                throw PluginUnavailable("the plugin '\(id)' was not called: it has been stopped", of: id)
            }
            state.calls += 1
            state.wasCalled = true
        }
    }

    // MARK: the description

    /// Has the library make a plugin of its settings, and describe it.
    ///
    /// It blocks the thread, as loading a library does.
    ///
    /// - Parameters:
    ///   - id: The plugin's id.
    ///   - functions: The functions of the library.
    ///   - question: The input of `describe`.
    /// - Returns: The plugin and its description.
    /// - Throws: `PluginStartError`.
    package static func describe(
        _ id: String, _ functions: grantor_library, _ question: JSON
    ) throws -> (plugin: CPlugin, form: JSON) {
        let limit = ProcessLimits().start
        let (answer, answered) = (Box(), DispatchSemaphore(value: 0))
        let number = PendingCalls.add(
            PendingCall(plugin: nil) { outcome in
                answer.value.withLock { $0 = outcome }
                answered.signal()
            } ask: { _ in
                PluginProcess.tooEarly
            })
        let message = ServerMessage.call(number, "describe", role: nil, question, within: limit, at: nil).bytes
        // Safe: the library was checked, and copies what it keeps of the message.
        let address = unsafe message.withCharacters { start, count in
            unsafe UInt(bitPattern: functions.describe(CHost.pointer(for: id), number, start, count))
        }
        guard answered.wait(timeout: .now() + .milliseconds(Int(limit.milliseconds))) == .success else {
            throw PluginStartError("it did not describe itself within \(limit)")
        }
        let plugin = CPlugin(id, functions, address)
        switch answer.value.withLock({ $0 }) {
        case .output(let form): return (plugin, form)
        case .failure(let what): throw PluginStartError("it cannot describe itself: \(what)")
        default: throw PluginStartError("it did not answer the call 'describe' with a description")
        }
    }

    /// Holds the answer until the thread that waits for it takes it.
    private final class Box: Sendable {
        let value = Mutex<CallOutcome?>(nil)
    }

    // MARK: calls

    /// Calls the plugin, and serves its host calls until it has answered.
    ///
    /// It waits for the answer however late that comes, as for a function of a library in Swift that returns late.
    ///
    /// - Parameters:
    ///   - function: The function of the protocol.
    ///   - role: The place of the role in its list in the description.
    ///   - input: The input.
    ///   - limit: The time after which nobody waits any more, which the library is told.
    ///   - now: The server's time; nil if it is not known.
    ///   - declared: The host calls that the description declares.
    ///   - run: Runs the function of the library.
    ///   - serve: Serves a host call, and returns the message that replies to it.
    /// - Returns: The answer.
    /// - Throws: `FrameError` if the input is too large or too deep; `PluginUnavailable` if the plugin has been stopped.
    func call(
        _ function: String, role: Int?, _ input: JSON, within limit: Duration, at now: Timestamp?,
        declared: Set<String>, on run: Runner, _ serve: @escaping @Sendable (HostQuestion) async -> JSON
    ) async throws -> CallOutcome {
        try begin()
        defer { state.withLock { $0.calls -= 1 } }
        let call = IsolatedCall(0, function, within: limit)
        let number = PendingCalls.add(
            PendingCall(plugin: self) {
                _ = call.end($0)
            } ask: {
                CPlugin.ask($0, of: call, declared)
            })
        let object = ServerMessage.call(number, function, role: role, input, within: limit, at: now)
        let message = object.bytes
        guard message.count <= Frame.largest, object.isNested(atMost: Frame.deepest) else {
            _ = PendingCalls.remove(number)
            throw FrameError(
                "a message has at most \(Frame.largest) bytes, and is nested at most \(Frame.deepest) deep")
        }
        // The function may hold this thread until it has the reply to a host call, which another task has to serve.
        let serving = declared.isEmpty ? nil : Task { try await CPlugin.answer(to: call, serve) }
        run { [self] in
            // Safe: the library was checked, and copies what it keeps of the message.
            unsafe message.withCharacters { start, count in
                unsafe functions.call(
                    UnsafeMutableRawPointer(bitPattern: address), CHost.pointer(for: id), number, start, count)
            }
        }
        if let outcome = call.outcome { return outcome }
        if let serving { return try await serving.value }
        return try await CPlugin.answer(to: call, serve)
    }

    private static func ask(_ question: HostQuestion, of call: IsolatedCall, _ declared: Set<String>) -> String? {
        guard declared.contains(question.function) else {
            return "the description does not declare the host call '\(question.function)'"
        }
        switch call.ask(question) {
        case .accepted: return nil
        case .tooLate: return PluginProcess.ended
        case .tooMany: return "more than \(IsolatedCall.mostQuestions) host calls of the call wait for their replies"
        }
    }

    private static func answer(
        to call: IsolatedCall, _ serve: @Sendable (HostQuestion) async -> JSON
    ) async throws -> CallOutcome {
        while true {
            switch await call.next() {
            case .serve: while let question = call.nextQuestion() { question.reply?(await serve(question)) }
            case .end(let result): return try result.get()
            }
        }
    }
}

extension [UInt8] {
    /// Passes the bytes to C as characters.
    fileprivate func withCharacters<Value>(_ body: (UnsafePointer<CChar>?, Int) -> Value) -> Value {
        // Safe: the bytes outlive the call, and every byte is a character of C.
        unsafe withUnsafeBytes { unsafe body($0.baseAddress?.assumingMemoryBound(to: CChar.self), $0.count) }
    }
}
