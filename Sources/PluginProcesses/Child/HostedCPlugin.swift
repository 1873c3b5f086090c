// SPDX-License-Identifier: Apache-2.0

package import CPluginLibrary
package import GrantKit

/// A plugin whose library has the C interface, in the process of its own: answers the calls of the server.
package struct HostedCPlugin: MessageHandler {
    private let plugin: CPlugin
    private let declared: Set<String>
    private let connection: HostConnection
    private let threads = LibraryThreads()
    /// The description.
    package let form: JSON

    /// Has a library make a plugin of its settings and describe it.
    ///
    /// - Parameters:
    ///   - id: The plugin's id.
    ///   - functions: The functions of the library.
    ///   - question: The input of `describe`.
    ///   - connection: The end of the socket.
    /// - Throws: `PluginStartError`.
    package init(
        _ id: String, _ functions: grantor_library, _ question: JSON, _ connection: HostConnection
    ) throws {
        (plugin, form) = try CPlugin.describe(id, functions, question)
        declared = Set(form["host_calls"]?.strings ?? [])
        self.connection = connection
    }

    package func take(_ message: JSON) {
        connection.take(message) { await reply(to: message) }
    }

    private func reply(to message: JSON) async -> JSON {
        do {
            return try await plugin.call(
                message["function"]?.string ?? "", role: message["role"]?.integer.map { Int(clamping: $0) },
                message["input"] ?? .null, within: .milliseconds(message["within_ms"]?.integer ?? 0),
                at: message["now"]?.integer.map(Timestamp.init(seconds:)),
                declared: declared, on: threads.run,
                { [connection] in await connection.reply(to: $0) }
            ).form
        } catch {
            return CallOutcome.failure("\(error)").form
        }
    }
}

extension HostConnection {
    /// Has the server answer a host call of a library.
    ///
    /// - Returns: The message that replies to it.
    fileprivate func reply(to question: HostQuestion) async -> JSON {
        do {
            return ServerMessage.reply(0, try await ask(question.function, question.input))
        } catch let error as OAuthError {
            return ["reply": 0, "error": error.form]
        } catch let error as StoreError {
            return ServerMessage.refusal(0, "unavailable", error.message)
        } catch {
            return ServerMessage.refusal(0, "refused", "\(error)")
        }
    }
}
