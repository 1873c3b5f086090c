// SPDX-License-Identifier: Apache-2.0

import Foundation
import GrantKit
import Support
import Testing

@Suite("A token of another issuer is used once, also across kill -9", .timeLimit(.minutes(10)))
struct UsedBearerTests {
    private static let issuer = "http://127.0.0.1:8080"
    private static let idp = "https://idp.example.com"

    /// A token as a grant.
    private static func grant(_ assertion: String) -> [(String, String)] {
        [
            ("grant_type", "urn:ietf:params:oauth:grant-type:jwt-bearer"), ("assertion", assertion),
            ("client_id", "robot"),
        ]
    }

    /// A token in place of an assertion of the client.
    private static func client(_ assertion: String) -> [(String, String)] {
        [
            ("grant_type", "client_credentials"), ("client_assertion", assertion), ("client_id", "worker"),
            ("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"),
        ]
    }

    private static func token(of signer: Signer, _ id: String, about subject: String = "1") throws -> String {
        let now = Timestamp(seconds: Int64(Date().timeIntervalSince1970))
        let claims = signer.claims(at: now, id: id).changed(by: [
            "iss": .string(idp), "sub": .string(subject), "aud": .string(issuer), "exp": .integer(now.seconds + 600),
        ])
        return try signer.sign(claims, header: ["typ": "JWT"])
    }

    /// Sends one form 64 times at once, each over its own connection and to one server after another; a kill leaves
    /// some without a response.
    private static func race(_ programs: [Program], _ form: [(String, String)]) async -> [Int] {
        await withTaskGroup(of: Int?.self) { group in
            for number in 0..<64 {
                let program = programs[number % programs.count]
                group.addTask { try? await onThread { try program.post("/auth/token", form).status } }
            }
            return await group.reduce(into: []) { all, status in
                if let status, status != 0 { all.append(status) }
            }
        }
    }

    private func configuration(_ signer: Signer) -> String {
        """
        issuer: \(Self.issuer)
        listen: { port: 0 }
        plugins:
          - plugin: sqlite-store
            settings: { path: store.db }
          - opaque-token
          - client-credentials
          - plugin: jwt-bearer
            settings:
              issuers:
                - issuer: https://idp.example.com
                  keys: \(signer.keys.text)
                  clients: [robot]
                  scope: [read]
                  subjects: [{ as: user }]
        clients:
          - { id: robot, grant_types: [jwt_bearer], scope: [read] }
          - id: worker
            federated: [{ issuer: "\(Self.idp)", subject: "workload:*" }]
            grant_types: [client_credentials]
            scope: [read]
        users:
          - id: ann
            identities: [{ issuer: "https://idp.example.com", subject: "1" }]
        """
    }

    @Test("a token that was accepted right before the process was killed is refused after the restart")
    func killed() async throws {
        let signer = try Signer()
        try await Folder.with { folder in
            try folder.write("config.yaml", configuration(signer))
            var used: [String] = []
            for round in 0..<5 {
                let program = try await Program.start(folder)
                for assertion in used {
                    let answer = try program.post("/auth/token", Self.grant(assertion))
                    #expect(answer.status == 400, "round \(round)")
                }
                let assertion = try Self.token(of: signer, "round-\(round)")
                let answer = try program.post("/auth/token", Self.grant(assertion))
                #expect(answer.status == 200)
                program.kill9()
                used.append(assertion)
            }
        }
    }

    @Test("of 64 uses at once, at most one succeeds, also if the process is killed meanwhile and they are repeated")
    func raced() async throws {
        let signer = try Signer()
        try await Folder.with { folder in
            try folder.write("config.yaml", configuration(signer))
            for round in 0..<4 {
                let forms = [
                    Self.grant(try Self.token(of: signer, "grant-\(round)")),
                    Self.client(try Self.token(of: signer, "client-\(round)", about: "workload:1")),
                ]
                let program = try await Program.start(folder)
                let races = forms.map { form in Task { await Self.race([program], form) } }
                try await Task.sleep(for: .milliseconds(Int.random(in: 0...120)))
                program.kill9()
                let next = try await Program.start(folder)
                for (race, form) in zip(races, forms) {
                    let later = await Self.race([next], form)
                    let all = await race.value + later
                    #expect(all.count { $0 == 200 } <= 1, "round \(round): \(all)")
                    #expect(later.count == 64, "every request after the restart is answered")
                    #expect(all.allSatisfy { [200, 400, 401].contains($0) }, "round \(round): \(all)")
                    let once = try next.post("/auth/token", form).status
                    #expect(once == 400 || once == 401, "a request before it has used it up")
                }
                next.stop()
            }
        }
    }

    @Test("of 64 uses at two servers that share a store, one succeeds")
    func twoServers() async throws {
        let signer = try Signer()
        try await Folder.with { folder in
            try folder.write("config.yaml", configuration(signer))
            let programs = [try await Program.start(folder), try await Program.start(folder)]
            for form in [
                Self.grant(try Self.token(of: signer, "grant")),
                Self.client(try Self.token(of: signer, "client", about: "workload:1")),
            ] {
                let all = await Self.race(programs, form)
                #expect(all.count == 64 && all.count { $0 == 200 } == 1, "\(all)")
                #expect(all.allSatisfy { [200, 400, 401].contains($0) }, "\(all)")
            }
            for program in programs { program.stop() }
        }
    }
}
