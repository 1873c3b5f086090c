// SPDX-License-Identifier: Apache-2.0

package import GrantKit

/// What a plugin's process sends to the server.
enum PluginMessage {
    /// The end of a call.
    case answer(UInt64, CallOutcome)
    /// A host call for a call that the process has not answered yet; without one, a host call outside of any call.
    case ask(HostQuestion, call: UInt64?)

    init(_ object: JSON) throws {
        if let number = object["answer"] {
            self = .answer(try PluginMessage.number(number, "answer"), CallOutcome(object))
        } else if let number = object["ask"] {
            let question = HostQuestion(
                number: try PluginMessage.number(number, "ask"),
                function: try object.required("function", \.string), input: object["input"] ?? [:])
            self = .ask(question, call: try object["for"].map { try PluginMessage.number($0, "for") })
        } else {
            throw FormError("a message has neither 'answer' nor 'ask'")
        }
    }

    private static func number(_ value: JSON, _ name: String) throws -> UInt64 {
        guard let number = value.integer.flatMap(UInt64.init(exactly:)) else {
            throw FormError("'\(name)' is not a number of a call")
        }
        return number
    }
}

/// A host call of a process or a library.
struct HostQuestion: Sendable {
    /// The number, by which the process knows the reply; 0 for a library, which has `reply`.
    let number: UInt64
    let function: String
    let input: JSON
    /// Passes the reply to the library that asks; nil for a process.
    var reply: (@Sendable (JSON) -> Void)?
    /// Its part of the bytes that wait.
    var part: WaitingBytes.Part?
}

/// The end of a call, as the process reported it.
package enum CallOutcome: Sendable {
    /// The output.
    case output(JSON)
    /// A refusal that the client learns of.
    case refusal(JSON)
    /// Something failed that may work later, such as the store.
    case unavailable(String)
    /// A job that can never succeed.
    case abandoned(String)
    /// The plugin failed.
    case failure(String)

    /// The longest report, in bytes; the log shows it.
    private static let longestReport = 2000

    init(_ object: JSON) {
        if let error = object["error"] {
            self = .refusal(error)
        } else if let what = object["unavailable"] {
            self = .unavailable(CallOutcome.report(what))
        } else if let what = object["abandoned"] {
            self = .abandoned(CallOutcome.report(what))
        } else if let what = object["failure"] {
            self = .failure(CallOutcome.report(what))
        } else {
            self = .output(object["output"] ?? .null)
        }
    }

    /// The message, without the number of the call.
    var form: JSON {
        switch self {
        case .output(let output): ["output": output]
        case .refusal(let error): ["error": error]
        case .unavailable(let what): ["unavailable": .string(what)]
        case .abandoned(let what): ["abandoned": .string(what)]
        case .failure(let what): ["failure": .string(what)]
        }
    }

    private static func report(_ what: JSON) -> String {
        let text = what.string ?? ""
        guard text.utf8.count > longestReport else { return text }
        return String(decoding: text.utf8.prefix(longestReport), as: UTF8.self) + "..."
    }
}

/// What the server sends to a plugin's process.
package enum ServerMessage {
    /// Begins a call.
    static func call(
        _ number: UInt64, _ function: String, role: Int?, _ input: JSON, within limit: Duration?, at now: Timestamp?
    ) -> JSON {
        let parts = limit?.components
        let milliseconds = parts.map { $0.seconds * 1000 + $0.attoseconds / 1_000_000_000_000_000 }
        return .present([
            ("call", .integer(Int64(clamping: number))), ("function", .string(function)),
            ("role", role.map { .integer(Int64($0)) }), ("within_ms", milliseconds.map(JSON.integer)),
            ("now", (now?.seconds).map(JSON.integer)),
            ("input", input),
        ])
    }

    /// Says that nobody waits for a call any more.
    static func cancel(_ number: UInt64) -> JSON {
        ["cancel": .integer(Int64(clamping: number))]
    }

    /// Replies to a host call.
    static func reply(_ number: UInt64, _ output: JSON) -> JSON {
        ["reply": .integer(Int64(clamping: number)), "output": output]
    }

    /// Refuses a host call.
    static func refusal(_ number: UInt64, _ kind: String, _ message: String) -> JSON {
        ["reply": .integer(Int64(clamping: number)), kind: .string(message)]
    }
}
