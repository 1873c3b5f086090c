// SPDX-License-Identifier: Apache-2.0

import Foundation
import GrantKit
import Support
import Testing

@Suite("A token of another issuer is used once, also across kill -9", .timeLimit(.minutes(10)))
struct UsedBearerTests {
    private static let issuer = "http://127.0.0.1:8080"

    private func post(_ assertion: String, to program: Program) throws -> HTTPAnswer {
        try program.post(
            "/auth/token",
            [
                ("grant_type", "urn:ietf:params:oauth:grant-type:jwt-bearer"), ("assertion", assertion),
                ("client_id", "robot"),
            ])
    }

    private func configuration(_ signer: Signer) -> String {
        """
        issuer: \(Self.issuer)
        listen: { port: 0 }
        plugins:
          - plugin: sqlite-store
            settings: { path: store.db }
          - opaque-token
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
                    let answer = try post(assertion, to: program)
                    #expect(answer.status == 400, "round \(round)")
                }
                let now = Timestamp(seconds: Int64(Date().timeIntervalSince1970))
                let claims = signer.claims(at: now, id: "round-\(round)").changed(by: [
                    "iss": "https://idp.example.com", "sub": "1", "aud": .string(Self.issuer),
                    "exp": .integer(now.seconds + 600),
                ])
                let assertion = try signer.sign(claims, header: ["typ": "JWT"])
                let answer = try post(assertion, to: program)
                #expect(answer.status == 200)
                program.kill9()
                used.append(assertion)
            }
        }
    }
}
