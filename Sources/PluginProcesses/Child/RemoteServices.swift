// SPDX-License-Identifier: Apache-2.0

import Glibc
@_spi(Host) import GrantKit

/// The store, as a plugin in a process of its own sees it.
struct RemoteStore: StoreService {
    let connection: HostConnection

    func read(_ keys: [StoreKey]) async throws -> [StoreRecord?] {
        let output = try await connection.ask("store.read", ["keys": .array(keys.map(\.form))])
        return try output.elements.map { $0 == .null ? nil : try StoreRecord(form: $0) }
    }

    func write(_ writes: [StoreWrite]) async throws -> WriteOutcome {
        try WriteOutcome(form: await connection.ask("store.write", ["writes": .array(writes.map(\.form))]))
    }

    func find(
        _ collection: String, by index: String, equals value: String, after: StoreKey?, limit: Int
    ) async throws -> [StoreRecord] {
        let output = try await connection.ask(
            "store.find",
            [
                "collection": .string(collection), "index": .string(index), "value": .string(value),
                "after": after?.form ?? .null, "limit": .integer(Int64(limit)),
            ])
        return try output.elements.map(StoreRecord.init(form:))
    }

    func page(_ collection: String, after: StoreKey?, limit: Int) async throws -> [StoreRecord] {
        let input: JSON = [
            "collection": .string(collection), "after": after?.form ?? .null, "limit": .integer(Int64(limit)),
        ]
        return try await connection.ask("store.page", input).elements.map(StoreRecord.init(form:))
    }

    func increment(_ key: StoreKey, expiresAt: Timestamp) async throws -> Int64 {
        let input: JSON = ["key": key.form, "expires_at": .integer(expiresAt.seconds)]
        guard let count = try await connection.ask("store.increment", input).integer else {
            throw StoreError("the server returned no count")
        }
        return count
    }
}

/// The log.
struct RemoteLog: LogService {
    let connection: HostConnection

    func write(
        _ level: LogLevel, _ message: @autoclosure () -> String,
        _ values: @autoclosure () -> KeyValuePairs<String, String>
    ) {
        let word =
            switch level {
            case .debug: "debug"
            case .warning: "warning"
            case .error: "error"
            default: "notice"
            }
        let text = message()
        let shown = values().map { JSON.Member($0.key, .string($0.value)) }
        let input: JSON = ["level": .string(word), "message": .string(text), "values": .object(shown)]
        // Before the plugin starts, the server logs what the process prints.
        if !connection.tell("log", input) { HostConnection.print(text) }
    }
}

/// Events that plugins may record.
struct RemoteEvents: EventService {
    let connection: HostConnection

    func record(_ event: @autoclosure () -> Event) {
        _ = connection.tell("events.record", event().form)
    }
}

/// Requests to other servers.
struct RemoteOutbound: OutboundHTTP {
    let connection: HostConnection

    func send(_ request: OutboundRequest) async throws -> OutboundReply {
        do {
            return try OutboundReply(form: await connection.ask("outbound.send", request.form))
        } catch let refusal as HostRefusal {
            throw OutboundError(refusal.description)
        }
    }
}
