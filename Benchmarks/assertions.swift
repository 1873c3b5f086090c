// SPDX-License-Identifier: Apache-2.0
//
// Signs client assertions ahead of a measurement, one in each line, and measures what a verification costs.
// Scripts/bench compiles this file together with Sources/Cryptography and runs it:
//
//   assertions new <key file>                          generates a key and prints its public half, as a key set
//   assertions sign <key file> <issuer> <count> <file> signs assertions of the client 'bench' into a file
//   assertions verify <key file>                       prints the microseconds that a verification takes

import Glibc
import GrantKit

@main
struct Assertions {
    static func main() throws {
        let words = Array(CommandLine.arguments.dropFirst())
        switch words.first {
        case "new" where words.count == 2:
            let key = try SigningKey.generate()
            try write([Array(key.privatePEM().exposed.utf8)], to: words[1])
            print((["keys": [key.publicJWK]] as JSON).text)
        case "sign" where words.count == 5: try sign(words)
        case "verify" where words.count == 2: print(try verification(SigningKey(pem: Secret(contents(words[1])))))
        default:
            print("usage: see the comment at the top of the source")
            exit(64)
        }
    }

    private static func sign(_ words: [String]) throws {
        let key = try SigningKey(pem: Secret(contents(words[1])))
        let signer = try SignedAssertion(Secret(contents(words[1])), among: ["keys": [key.publicJWK]])
        let now = Timestamp(seconds: Int64(time(nil)))
        let lines = try (0..<(Int(words[3]) ?? 0)).map { _ in
            Array((try signer.sign(by: "bench", for: words[2], at: now, lasting: .seconds(1800)) + "\n").utf8)
        }
        try write(lines, to: words[4])
    }

    /// The median of short rounds, in microseconds, of parsing and verifying an assertion.
    private static func verification(_ key: SigningKey) throws -> Double {
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
        return rounds.sorted()[rounds.count / 2]
    }

    // MARK: files

    private static func contents(_ name: String) throws -> String {
        guard let file = fopen(name, "r") else { throw CryptographyError(found: "'\(name)' cannot be read") }
        defer { fclose(file) }
        var bytes = [UInt8](repeating: 0, count: 65536)
        let count = fread(&bytes, 1, bytes.count, file)
        return String(decoding: bytes.prefix(count), as: UTF8.self)
    }

    private static func write(_ parts: [[UInt8]], to name: String) throws {
        guard let file = fopen(name, "w") else { throw CryptographyError(found: "'\(name)' cannot be written") }
        defer { fclose(file) }
        for part in parts where fwrite(part, 1, part.count, file) != part.count {
            throw CryptographyError(found: "'\(name)' cannot be written")
        }
    }
}
