// SPDX-License-Identifier: Apache-2.0

import Foundation
import GrantKit
import Support

/// Clients whose keys are at another server, so that the server under test sends requests there.
struct Keyed {
    private let signer: Signer

    init() throws {
        signer = try Signer("keyed")
    }

    private static let issuer = "http://127.0.0.1:8080"

    /// A configuration with clients `keyed-1` to `keyed-9`, each with an address of its own for its keys.
    ///
    /// A failure is kept for 30 seconds for each address.
    static func configuration(_ outbound: String) -> String {
        let clients = (1...9).map { number in
            "  - { id: keyed-\(number), jwks_uri: \"https://keys.example.com/\(number)\", "
                + "grant_types: [client_credentials] }\n"
        }
        return """
            issuer: \(issuer)
            listen: { port: 0 }
            plugins: [memory-store, opaque-token, client-credentials, client-assertion]
            outbound: { \(outbound) }
            clients:
            \(clients.joined())
            """
    }

    /// Lets the server fetch the keys of a client.
    ///
    /// - Returns: The status of its response.
    func fetch(_ number: Int, _ program: Program) throws -> Int {
        let client = JSON.string("keyed-\(number)")
        let now = Timestamp(seconds: Int64(Date().timeIntervalSince1970))
        let claims = signer.claims(at: now, id: UUID().uuidString).changed(by: [
            "iss": client, "sub": client, "aud": .string(Keyed.issuer),
        ])
        return try program.post(
            "/auth/token",
            [
                ("grant_type", "client_credentials"), ("client_assertion", try signer.sign(claims)),
                ("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"),
            ]
        ).status
    }
}
