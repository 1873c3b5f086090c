// SPDX-License-Identifier: Apache-2.0

import Cryptography
import Foundation
import GrantKit
import Testing

/// Needs an otherwise idle machine, so it only runs if `GRANTOR_MEASURE` is set.
@Suite(
    "The rate of slow hashes", .serialized, .enabled(if: ProcessInfo.processInfo.environment["GRANTOR_MEASURE"] != nil))
struct HashingRateTests {
    private static let salt = Array("0123456789abcdef".utf8)
    private static let count = 60

    private func bare() throws -> Duration {
        try ContinuousClock().measure {
            for _ in 0..<HashingRateTests.count { _ = try Argon2Hash.derive(Secret("x"), salt: HashingRateTests.salt) }
        }
    }

    /// Measures eight callers, each of which requests the next hash as soon as it has one.
    private func pooled() async throws -> Duration {
        let pool = HashingPool(threads: 1)
        return try await ContinuousClock().measure {
            try await withThrowingTaskGroup(of: Void.self) { group in
                for caller in 0..<8 {
                    group.addTask {
                        for _ in 0..<(HashingRateTests.count / 8) {
                            _ = try await pool.run(from: "192.0.2.\(caller)") {
                                Result { try Argon2Hash.derive(Secret("x"), salt: HashingRateTests.salt) }
                            }.get()
                        }
                    }
                }
                try await group.waitForAll()
            }
        }
    }

    @Test("through a pool with one thread it is 90 % of that of a single thread")
    func rate() async throws {
        var ratios: [Double] = []
        for round in 0..<9 {
            let alone = Double(HashingRateTests.count) / (try bare() / .seconds(1))
            let pooled = Double(HashingRateTests.count / 8 * 8) / (try await pooled() / .seconds(1))
            print("round \(round): alone \(Int(alone))/s, pooled \(Int(pooled))/s")
            ratios.append(pooled / alone)
        }
        let median = ratios.sorted()[ratios.count / 2]
        print("median ratio \(median)")
        #expect(median >= 0.9)
    }
}
