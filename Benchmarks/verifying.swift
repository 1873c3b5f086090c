// SPDX-License-Identifier: Apache-2.0
//
// Measures what it costs to parse and verify a client assertion. Scripts/bench compiles this file together with
// Sources/Cryptography and runs it.

import Glibc
import GrantKit

@main
struct Verifying {
    static func main() throws {
        let key = try SigningKey.generate()
        let signer = try SignedAssertion(key.privatePEM(), among: nil)
        let text = try signer.sign(
            by: "bench", for: "http://127.0.0.1:65535", at: Timestamp(seconds: 0), lasting: .seconds(60))
        let keys = try JSONWebKeySet(["keys": [key.publicJWK]])
        var rounds: [Double] = []
        for _ in 0..<25 {
            let start = ContinuousClock.now
            for _ in 0..<400 { _ = try CompactJWS(text).verified(by: keys) }
            let spent = (ContinuousClock.now - start).components
            rounds.append((Double(spent.seconds) * 1e6 + Double(spent.attoseconds) / 1e12) / 400)
        }
        let median = (rounds.sorted()[rounds.count / 2] * 10).rounded() / 10
        print("a client assertion, ES256: \(median) us to parse and verify")
    }
}
