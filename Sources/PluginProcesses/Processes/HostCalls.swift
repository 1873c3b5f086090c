// SPDX-License-Identifier: Apache-2.0

package import GrantKit

/// Serves the host calls of an isolated plugin with the host that the core lends to it.
///
/// So the plugin reaches its own collections alone, and makes only the calls that it has declared.
package struct HostCalls: Sendable {
    /// All host calls of the protocol.
    package static let all: Set<String> = [
        "store.read", "store.write", "store.find", "store.page", "store.increment", "log", "digest",
        "clients.find", "users.find",
        "outbound.send", "events.record",
    ]

    private let host: any PluginHost
    private let plugin: String
    private let declared: Set<String>

    /// Serves the calls that a plugin has declared.
    package init(_ host: any PluginHost, of plugin: String, declared: Set<String>) {
        self.host = host
        self.plugin = plugin
        self.declared = declared
    }

    /// The message that answers a host call.
    func reply(to question: HostQuestion) async -> JSON {
        guard declared.contains(question.function) else {
            return ServerMessage.refusal(
                question.number, "refused", "the description does not declare the host call '\(question.function)'")
        }
        do {
            return ServerMessage.reply(question.number, try await output(question.function, question.input))
        } catch let error as OAuthError {
            return ["reply": .integer(Int64(clamping: question.number)), "error": error.form]
        } catch let error as StoreError {
            return ServerMessage.refusal(question.number, "unavailable", error.message)
        } catch {
            return ServerMessage.refusal(question.number, "refused", "\(error)")
        }
    }

    private func output(_ function: String, _ input: JSON) async throws -> JSON {
        switch function {
        case "store.read":
            return .array(try await host.store.read(input.list("keys", StoreKey.init(form:))).map { $0?.form ?? .null })
        case "store.write": return try await host.store.write(input.list("writes", StoreWrite.init(form:))).form
        case "store.find", "store.page": return .array(try await page(input, function).map(\.form))
        case "store.increment":
            let key = try input.required("key", StoreKey.init(form:))
            let end = Timestamp(seconds: try input.required("expires_at", \.integer))
            return .integer(try await host.store.increment(key, expiresAt: end))
        case "log": return try log(input)
        case "digest": return .string(host.cryptography.digest(try input.required("text", \.string)))
        case "clients.find": return try await host.clients.find(input.required("id", \.string))?.form ?? .null
        case "users.find": return try await host.users.find(input.required("id", \.string))?.form ?? .null
        case "outbound.send": return try await host.outbound.send(OutboundRequest(form: input)).form
        case "events.record": return try record(Event(form: input))
        default: throw FormError("there is no host call '\(function)'")
        }
    }

    /// The most records of a page.
    private static let mostRecords: Int64 = 500

    private func page(_ input: JSON, _ function: String) async throws -> [StoreRecord] {
        let collection = try input.required("collection", \.string)
        let after = try input["after"].flatMap { $0 == .null ? nil : try StoreKey(form: $0) }
        let limit = try input.required("limit", \.integer)
        guard 1...HostCalls.mostRecords ~= limit else {
            throw FormError("'limit' must be from 1 to \(HostCalls.mostRecords)")
        }
        guard function == "store.find" else {
            return try await host.store.page(collection, after: after, limit: Int(limit))
        }
        return try await host.store.find(
            collection, by: try input.required("index", \.string), equals: try input.required("value", \.string),
            after: after, limit: Int(limit))
    }

    /// Records an event of the plugin's own kind.
    private func record(_ event: Event) throws -> JSON {
        guard event.kind.rawValue.utf8.starts(with: "\(plugin).".utf8) else {
            throw FormError("the kind of an event must begin with '\(plugin).'")
        }
        host.events.record(event)
        return .null
    }

    private func log(_ input: JSON) throws -> JSON {
        let message = try input.required("message", \.string)
        let detail = input["values"].map(\.text) ?? ""
        let values: KeyValuePairs<String, String> = ["values": detail]
        switch input["level"]?.string {
        case "debug": host.log.debug(message, values)
        case "notice": host.log.notice(message, values)
        case "warning": host.log.warning(message, values)
        case "error": host.log.error(message, values)
        default: throw FormError("'level' must be debug, notice, warning or error")
        }
        return .null
    }
}
