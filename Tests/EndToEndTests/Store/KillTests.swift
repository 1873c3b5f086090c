// SPDX-License-Identifier: Apache-2.0

import Foundation
import GrantKit
import Support
import Synchronization
import Testing

@Suite("kill -9 at any moment under load", .timeLimit(.minutes(20)))
struct KillTests {
    /// The responses that clients got before the process was killed.
    private final class Answered: Sendable {
        private let state = Mutex<(access: [String], rotations: [(old: String, new: String)])>(([], []))

        func access(_ token: String) { state.withLock { $0.access.append(token) } }
        func rotated(_ old: String, _ new: String) {
            state.withLock { $0.rotations.append((old, new)) }
        }
        var access: [String] { state.withLock { $0.access } }
        /// Tokens that must not work again; within the grace period, the last but one still does.
        func spent(hasGrace: Bool) -> [String] {
            let rotations = state.withLock { $0.rotations }
            let rotated = Set(rotations.map(\.old))
            return rotations.filter { !hasGrace || rotated.contains($0.new) }.map(\.old)
        }
    }

    static let rounds = Races.rounds

    @Test(
        "afterwards every issued token is active, no refresh token works twice, and the store opens",
        arguments: [false, true])
    func survives(_ hasGrace: Bool) async throws {
        try await Folder.with { folder in
            let strict = "  - plugin: refresh-token\n    settings: { grace: 0s }\n"
            try folder.write(
                "config.yaml",
                Configurations.yaml().replacing("level: debug", with: "level: warning")
                    .replacing("  - refresh-token\n", with: hasGrace ? "  - refresh-token\n" : strict))
            for round in 0..<KillTests.rounds {
                let program = try await Program.start(folder)
                let answered = Answered()
                let load = (0..<8).map { _ in KillTests.load(on: program.port, answered) }
                try await Patience.wait { answered.access.count >= 20 && !answered.spent(hasGrace: hasGrace).isEmpty }
                try await Task.sleep(for: .milliseconds(Int.random(in: 0...160)))
                program.kill9()
                for task in load { await task.value }
                try await check(answered.access, answered.spent(hasGrace: hasGrace), in: folder, round)
            }
        }
    }

    private static func load(on port: UInt16, _ answered: Answered) -> Task<Void, Never> {
        Task {
            try? await onThread { run(on: port, answered) }
        }
    }

    private static func run(on port: UInt16, _ answered: Answered) {
        var token: String?
        while let answer = try? ask(port, token), answer.status == 200 {
            if let access = answer["access_token"] { answered.access(access) }
            guard let next = answer["refresh_token"] else { return }
            if let token { answered.rotated(token, next) }
            token = Int.random(in: 0..<8) == 0 ? nil : next
        }
    }

    private static func ask(_ port: UInt16, _ token: String?) throws -> HTTPAnswer {
        let body = token.map { "grant_type=refresh_token&refresh_token=\($0)" } ?? "grant_type=client_credentials"
        return try HTTPSocket(port: port).exchange(
            "POST /auth/token HTTP/1.1\r\nHost: a\r\nAuthorization: \(Form.basic("service", Configurations.secret))\r\n"
                + "Content-Type: application/x-www-form-urlencoded\r\nContent-Length: \(body.utf8.count)\r\nConnection: close\r\n\r\n\(body)"
        )
    }

    private func check(_ access: [String], _ spent: [String], in folder: Folder, _ round: Int) async throws {
        let program = try await Program.start(folder)
        defer { program.kill9() }
        #expect(access.count > 10, "round \(round) had no load")
        for token in access {
            let answer = try program.post(
                "/auth/introspect", [("token", token)], as: ("service", Configurations.secret))
            #expect(answer.json["active"] == true, "round \(round): a token that was answered is not active")
        }
        // Trying a spent token ends its grant, so this comes last.
        for token in spent.suffix(20) {
            #expect(try KillTests.ask(program.port, token)["error"] == "invalid_grant", "round \(round)")
        }
    }
}
