// SPDX-License-Identifier: Apache-2.0

import GrantKit
import Support
import Testing

/// Every combination of client, subject token, audience, scope and lifetime, against a rule that is written here and
/// knows nothing of the plugin.
@Suite("Exchanges follow the rule, in every combination", .timeLimit(.minutes(10)))
struct ExchangeMatrixTests {
    /// A token that was issued to 'web'.
    private struct Subject {
        let member: String
        let type: String
        let value: String
        let audience: Set<String>
        let scope: Set<String>
    }

    /// A rule of a client; the documents are made from it.
    private struct Row {
        let types: Set<String>
        let audience: String
        let to: Set<String>
        let scope: Set<String>?

        var json: JSON {
            var json: JSON = [
                "subject": .strings(types.sorted()), "audience": .string(audience), "to": .strings(to.sorted()),
            ]
            json["scope"] = scope.map { .strings($0.sorted()) }
            return json
        }
    }

    /// What must follow.
    private enum Outcome: Equatable, CustomStringConvertible {
        case refused(String)
        case granted(audience: Set<String>, scope: Set<String>, life: Int64)

        var description: String {
            switch self {
            case .refused(let code): code
            case .granted(let audience, let scope, let life): "\(audience.sorted()) \(scope.sorted()) \(life)"
            }
        }
    }

    private static let (orders, billing) = (ExchangeServer.orders, ExchangeServer.billing)
    private static let clientScope: Set<String> = ["openid", "offline_access", "read", "write", "admin"]
    private static let onRequest: Set<String> = ["openid", "offline_access"]

    private static let rows: [String: [Row]] = [
        "web": [
            Row(types: ["access_token"], audience: "api", to: ["api", orders], scope: nil),
            Row(types: ["refresh_token"], audience: "api", to: [orders], scope: ["read"]),
            Row(types: ["id_token"], audience: "web", to: [billing, "web"], scope: ["openid", "read"]),
        ],
        "api": [
            Row(types: ["access_token"], audience: "api", to: [orders], scope: ["read"]),
            Row(types: ["access_token", "id_token", "refresh_token"], audience: "api", to: [billing], scope: []),
            Row(types: ["access_token"], audience: billing, to: ["api"], scope: nil),
        ],
        "stranger": [
            Row(
                types: ["access_token", "id_token", "refresh_token"], audience: "api", to: ["api", orders, billing],
                scope: nil)
        ],
        "bare": [],
    ]
    private static let audiences: [[String]] = [
        [], ["api"], [orders], [billing], ["web"], ["api", orders], [orders, billing], ["https://x.example.com"],
    ]
    private static let scopes: [String?] = [
        nil, "read", "read write", "openid read", "admin", "offline_access", "root",
    ]
    /// How many seconds the subject token has left.
    private static let left: [Int64] = [600, 7, 0]

    // MARK: the rule

    private static func isHeld(_ subject: Subject, by client: String) -> Bool {
        client == "web" || subject.type == "access_token" && subject.audience.contains(client)
    }

    private static func expected(
        _ client: String, _ subject: Subject, _ asked: [String], _ scope: String?, _ left: Int64
    ) -> Outcome {
        let wanted = scope.map { Set($0.split(separator: " ").map(String.init)) }
        if let wanted, !wanted.isSubset(of: clientScope) { return .refused("invalid_scope") }
        let rows = (rows[client] ?? []).filter { $0.types.contains(subject.type) }
        guard left > 0, isHeld(subject, by: client) else { return .refused("invalid_request") }
        let fitting = rows.filter { subject.audience.contains($0.audience) }
        if fitting.isEmpty { return .refused("invalid_request") }
        for row in fitting {
            let audience = asked.isEmpty ? subject.audience.intersection(row.to) : Set(asked)
            guard !audience.isEmpty, audience.isSubset(of: row.to) else { continue }
            let most = subject.scope.intersection(clientScope).intersection(row.scope ?? clientScope)
            if let wanted, !wanted.isSubset(of: most) { return .refused("invalid_scope") }
            let given = wanted ?? most.subtracting(onRequest)
            return .granted(audience: audience, scope: given, life: min(300, left))
        }
        return .refused("invalid_target")
    }

    // MARK: the server

    private func server(_ format: String) async throws -> TestServer {
        let clients = Self.rows.keys.sorted().map { id in
            let rows = Self.rows[id] ?? []
            return ExchangeServer.client(id, rows.isEmpty ? nil : .array(rows.map(\.json)), format: format)
        }
        return try await ExchangeServer.make(clients, format: format)
    }

    private func subjects(_ server: TestServer) async throws -> [Subject] {
        let answer = await server.visit(scope: "openid read write")
        return try [("access_token", ["api"]), ("refresh_token", ["api"]), ("id_token", ["web"])].map {
            type, audience in
            Subject(
                member: type, type: type, value: try #require(answer[type]), audience: Set(audience),
                scope: ["openid", "read", "write"])
        }
    }

    private func found(_ server: TestServer, _ answer: Answer, _ client: String) async -> Outcome {
        guard answer.status == 200 else { return .refused(answer.error ?? "\(answer.status)") }
        let told = await server.told(answer["access_token"], by: client)
        let now = server.clock.now.seconds
        let scope = (told["scope"]?.string ?? "").split(separator: " ").map(String.init)
        return .granted(
            audience: Set(told["aud"]?.strings ?? []), scope: Set(scope), life: (told["exp"]?.integer ?? now) - now)
    }

    @Test("the generated matrix", arguments: ["opaque", "jwt"])
    func matrix(_ format: String) async throws {
        var (granted, refused): (Int, Set<String>) = (0, [])
        for left in Self.left {
            let server = try await server(format)
            let subjects = try await subjects(server)
            server.clock.advance(.seconds(600 - left))
            for client in Self.rows.keys.sorted() {
                for subject in subjects {
                    for asked in Self.audiences {
                        for scope in Self.scopes {
                            let more = asked.map { ("audience", $0) } + (scope.map { [("scope", $0)] } ?? [])
                            let answer = await server.exchange(subject.value, subject.type, more, as: client)
                            let found = await found(server, answer, client)
                            let expected = Self.expected(client, subject, asked, scope, left)
                            #expect(
                                found == expected,
                                "\(client) \(subject.member) \(asked) \(scope ?? "-") \(left): \(answer.json)")
                            #expect(answer["refresh_token"] == nil && answer["id_token"] == nil)
                            switch expected {
                            case .granted: granted += 1
                            case .refused(let code): refused.insert(code)
                            }
                        }
                    }
                }
            }
        }
        #expect(granted > 50 && refused == ["invalid_request", "invalid_scope", "invalid_target"])
    }
}
