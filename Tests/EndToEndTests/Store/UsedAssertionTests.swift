// SPDX-License-Identifier: Apache-2.0

import Foundation
import GrantKit
import Support
import Testing

@Suite("A client assertion is used once, also across kill -9", .timeLimit(.minutes(10)))
struct UsedAssertionTests {
    private static let issuer = "http://127.0.0.1:8080"

    private func post(_ assertion: String, to program: Program) throws -> HTTPAnswer {
        try program.post(
            "/auth/token",
            [
                ("grant_type", "client_credentials"), ("client_assertion", assertion),
                ("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"),
            ])
    }

    @Test("an assertion that was accepted right before the process was killed is refused after the restart")
    func killed() async throws {
        let signer = try Signer()
        try await Folder.with { folder in
            try folder.write(
                "config.yaml",
                """
                issuer: \(Self.issuer)
                listen: { port: 0 }
                plugins:
                  - plugin: sqlite-store
                    settings: { path: store.db }
                  - opaque-token
                  - client-credentials
                  - client-assertion
                clients:
                  - id: robot
                    jwks: \(signer.keys.text)
                    grant_types: [client_credentials]
                """)
            var used: [String] = []
            for round in 0..<5 {
                let program = try await Program.start(folder)
                for assertion in used {
                    let answer = try post(assertion, to: program)
                    #expect(answer.status == 401, "round \(round)")
                }
                let now = Timestamp(seconds: Int64(Date().timeIntervalSince1970))
                let claims = signer.claims(at: now, id: "round-\(round)").changed(by: [
                    "aud": .string(Self.issuer), "exp": .integer(now.seconds + 600),
                ])
                let assertion = try signer.sign(claims)
                #expect(try post(assertion, to: program).status == 200)
                program.kill9()
                used.append(assertion)
            }
        }
    }
}
