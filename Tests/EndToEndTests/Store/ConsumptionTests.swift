// SPDX-License-Identifier: Apache-2.0

import Foundation
import GrantKit
import Support
import Testing

@Suite("What is redeemed once stays redeemed, across kill -9 and restart", .timeLimit(.minutes(30)))
struct ConsumptionTests {
    private static let secret = "a secret of the test application"

    private static func yaml(grace: String) -> String {
        """
        issuer: http://127.0.0.1:8080
        listen: { host: 127.0.0.1, port: 0 }
        log: { level: warning, format: json }
        plugins:
          - plugin: sqlite-store
            settings: { path: var/grantor.db }
          - opaque-token
          - authorization-code
          - password-login
          - introspection
          - plugin: refresh-token
            settings: { grace: \(grace) }
        clients:
          - id: app
            secret: "\(secret)"
            first_party: true
            grant_types: [authorization_code]
            scope: [read]
            auth: { authorization_code: { redirect_uri: "http://127.0.0.1:9/cb", refresh_token: true } }
        users:
          - { id: ann, password: demo-ann }
        """
    }

    /// A signed-in user whose session outlives the program.
    private final class Person {
        private let browser: WebBrowser

        init(_ program: Program) throws {
            browser = WebBrowser(program)
            _ = try browser.submit(try browser.open(Person.path), [("username", "ann"), ("password", "demo-ann")])
        }

        private static let path =
            "/auth/authorize?response_type=code&client_id=app&code_challenge=\(Demo.challenge)&code_challenge_method=S256"

        func code(at program: Program) throws -> String {
            browser.program = program
            let landed = try browser.open(Person.path)
            return String(try #require(landed.header("location")?.firstMatch(of: /code=([^&]*)/)).1)
        }
    }

    /// Sends one form 64 times at once, each over its own connection; a kill leaves some without a response.
    private static func race(_ program: Program, _ form: [(String, String)]) async -> [HTTPAnswer] {
        await withTaskGroup(of: HTTPAnswer?.self) { group in
            for _ in 0..<64 {
                group.addTask {
                    try? await onThread { try program.post("/auth/token", form, as: ("app", secret)) }
                }
            }
            return await group.reduce(into: []) { all, answer in
                if let answer, answer.status != 0 { all.append(answer) }
            }
        }
    }

    private static func redeem(_ code: String) -> [(String, String)] {
        [("grant_type", "authorization_code"), ("code", code), ("code_verifier", Demo.verifier)]
    }

    private static func refresh(_ token: String) -> [(String, String)] {
        [("grant_type", "refresh_token"), ("refresh_token", token)]
    }

    /// Races while the program is killed and once more after its restart; returns all responses and the new program.
    private static func killed(
        _ program: Program, _ folder: Folder, _ forms: [[(String, String)]]
    ) async throws -> (answers: [[HTTPAnswer]], program: Program) {
        let races = forms.map { form in Task { await race(program, form) } }
        try await Task.sleep(for: .milliseconds(Int.random(in: 0...120)))
        program.kill9()
        var answers: [[HTTPAnswer]] = []
        for task in races { answers.append(await task.value) }
        let next = try await Program.start(folder)
        for (place, form) in forms.enumerated() { answers[place] += await race(next, form) }
        return (answers, next)
    }

    @Test(
        "of 128 racing redemptions of one code or refresh token, at most one succeeds",
        .clause("RFC 6749 section 4.1.2"))
    func once() async throws {
        try await Folder.with { folder in
            try folder.write("config.yaml", Self.yaml(grace: "0s"))
            var program = try await Program.start(folder)
            let person = try Person(program)
            for round in 0..<KillTests.rounds {
                let code = try person.code(at: program)
                let tokens = try program.post(
                    "/auth/token", Self.redeem(try person.code(at: program)), as: ("app", Self.secret))
                let refresh = try #require(tokens["refresh_token"])
                let forms = [Self.redeem(code), Self.refresh(refresh)]
                let (answers, next) = try await Self.killed(program, folder, forms)
                program = next
                for all in answers {
                    #expect(all.count { $0.status == 200 } <= 1, "round \(round)")
                    #expect(all.count >= 64, "round \(round): every request after the restart is answered")
                    #expect(all.allSatisfy { $0.status == 200 || $0["error"] == "invalid_grant" }, "round \(round)")
                }
            }
            program.stop()
        }
    }

    @Test("within the grace period all racing requests get one successor, and the generation advances once")
    func successor() async throws {
        try await Folder.with { folder in
            try folder.write("config.yaml", Self.yaml(grace: "60s"))
            var program = try await Program.start(folder)
            let person = try Person(program)
            for round in 0..<KillTests.rounds {
                let tokens = try program.post(
                    "/auth/token", Self.redeem(try person.code(at: program)), as: ("app", Self.secret))
                let refresh = try #require(tokens["refresh_token"])
                let (answers, next) = try await Self.killed(program, folder, [Self.refresh(refresh)])
                program = next
                #expect(answers[0].count >= 64 && answers[0].allSatisfy { $0.status == 200 }, "round \(round)")
                let successors = Set(answers[0].compactMap { $0["refresh_token"] })
                #expect(successors.count == 1, "round \(round)")
                // With another generation in between, this token would be old and its use a reuse.
                let last = try program.post(
                    "/auth/token", Self.refresh(successors.first ?? ""), as: ("app", Self.secret))
                #expect(last.status == 200, "round \(round)")
            }
            program.stop()
        }
    }
}
