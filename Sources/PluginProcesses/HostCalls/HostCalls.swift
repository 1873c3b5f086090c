// SPDX-License-Identifier: Apache-2.0

package import GrantKit

/// Serves the host calls of an isolated plugin with the host that the core lends to it.
///
/// So the plugin reaches its own collections alone, and makes only the calls that it has declared and that the operator
/// permits.
package struct HostCalls: Sendable {
    let host: any PluginHost
    let plugin: String
    /// The names of the jobs that the plugin runs, which are the only ones that it may queue.
    let jobs: Set<String>
    private let declared: Set<String>
    private let permitted: Set<HostPermission>

    /// Serves the calls that a plugin has declared.
    package init(
        _ host: any PluginHost, of plugin: String, declared: Set<String>, permitted: Set<HostPermission> = [],
        jobs: Set<String> = []
    ) {
        self.host = host
        self.plugin = plugin
        self.declared = declared
        self.permitted = permitted
        self.jobs = jobs
    }

    /// The message that answers a host call.
    func reply(to question: HostQuestion) async -> JSON {
        do {
            let call = try call(question.function)
            guard question.input.isNested(atMost: Frame.deepestInside) else {
                throw FormError("the input is nested more than \(Frame.deepestInside) deep")
            }
            return ServerMessage.reply(question.number, try await call.serve(self, question.input))
        } catch let error as OAuthError {
            return ["reply": .integer(Int64(clamping: question.number)), "error": error.form]
        } catch let error as StoreError {
            return ServerMessage.refusal(question.number, "unavailable", error.message)
        } catch {
            return ServerMessage.refusal(question.number, "refused", "\(error)")
        }
    }

    /// The host call with a name.
    ///
    /// - Throws: `FormError` if the plugin may not make it.
    private func call(_ name: String) throws -> HostCall {
        if let permission = HostCalls.table[name]?.permission, !permitted.contains(permission) {
            throw FormError(
                "the operator does not permit the host call '\(name)': it needs '\(permission.rawValue)' in 'may' of the "
                    + "plugin's entry")
        }
        guard declared.contains(name), let call = HostCalls.table[name] else {
            throw FormError("the description does not declare the host call '\(name)'")
        }
        return call
    }
}
