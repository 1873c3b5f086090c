// SPDX-License-Identifier: Apache-2.0

import Cryptography
import Foundation
import GrantKit
import Testing

@Suite("The duration of a reload", .timeLimit(.minutes(10)))
struct ReloadTimeTests {
    @Test("a reload does not wait for passwords to be hashed, and a hundred signals cause few reloads")
    func whileHashing() async throws {
        let people = (0..<150).map { "  - { id: person-\($0), password: a long way to the sea }" }
        let users = (["users:"] + people).joined(separator: "\n")
        let start = ContinuousClock.now
        _ = try Argon2Hash(hashing: Secret("a long way to the sea"))
        let all = (ContinuousClock.now - start) * people.count
        try await Folder.with { folder in
            try folder.write("config.yaml", Configurations.yaml(more: users))
            let program = try await Program.start(folder, secrets: [Configurations.secret, "another secret now"])
            try folder.write("config.yaml", Configurations.yaml(secret: "another secret now", more: users))
            let first = try await ContinuousClock().measure { _ = try await program.reload() }
            #expect(try program.token("service", Configurations.secret)["error"] == "invalid_client")
            let second = try await ContinuousClock().measure { _ = try await program.reload() }
            #expect(first + second < all / 2, "\(first), \(second) of \(all)")
            let before = program.log.count
            for _ in 0..<100 { kill(program.pid, SIGHUP) }
            _ = try await program.reload()
            try await Task.sleep(for: .seconds(1))
            let reloads = program.log.dropFirst(before).ranges(of: "the configuration was reloaded").count
            #expect(1...10 ~= reloads, "\(reloads)")
            #expect(program.stop() == 0)
        }
    }
}
