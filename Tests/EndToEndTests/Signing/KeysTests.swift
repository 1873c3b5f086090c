// SPDX-License-Identifier: Apache-2.0

import Cryptography
import Foundation
import GrantKit
import Support
import Testing

private enum Setup {
    static let seal = "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="
    /// Periods that a test can wait for.
    static let quick = "rotate_every: 5s, announce: 4s, cache: 1s"

    static func yaml(_ keys: String, algorithm: String = "ES256", expiration: Int = 3) -> String {
        """
        issuer: http://127.0.0.1:8080
        listen: { host: 127.0.0.1, port: 0 }
        log: { level: info, format: json }
        plugins:
          - { plugin: sqlite-store, settings: { path: var/grantor.db } }
          - { plugin: jwt-token, settings: { algorithm: \(algorithm) } }
          - client-credentials
        clients:
          - id: service
            secret: "\(Configurations.secret)"
            grant_types: [client_credentials]
            auth: { client_credentials: { access_token_expiration: \(expiration) } }
        keys: { \(keys) }
        """
    }
}

extension Program {
    fileprivate var published: [JSON] {
        get throws { try get("/.well-known/jwks.json").json["keys"]?.elements ?? [] }
    }

    fileprivate func kids() throws -> [String] { try published.compactMap { $0["kid"]?.string } }

    fileprivate func signed() throws -> String {
        try #require(try token("service", Configurations.secret)["access_token"])
    }

    /// Waits until a condition holds, for as long as a server may take to see what another process has written.
    fileprivate func wait(_ what: String, _ body: () throws -> Bool) async throws {
        if try await Patience.wait(.milliseconds(50), until: body) { return }
        Issue.record("waited in vain: \(what)\n\(log)")
    }
}

private func header(_ token: String) throws -> JSON {
    let part = try #require(token.split(separator: ".").first)
    return try JSON(parsing: try #require(Base64URL.decode(part.utf8)))
}

@Suite("The server's own keys", .timeLimit(.minutes(10)))
struct KeysTests {
    // MARK: algorithms

    @Test("a token of each algorithm verifies with another implementation", arguments: SignatureAlgorithm.own)
    func algorithms(_ algorithm: SignatureAlgorithm) async throws {
        try await Folder.with { folder in
            try folder.write("config.yaml", Setup.yaml("", algorithm: algorithm.rawValue))
            let program = try await Program.start(folder)
            let (token, keys) = (try program.signed(), try program.published)
            #expect(try header(token)["alg"]?.string == algorithm.rawValue && keys.count == 1)
            #expect(try OpenSSLCommand(folder).verifies(token, keys[0]))
            let parts = token.split(separator: ".")
            #expect(try !OpenSSLCommand(folder).verifies("\(parts[0]).\(parts[1])A.\(parts[2])", keys[0]))
            program.stop()
        }
    }

    @Test("keys can be PKCS#8, PKCS#1, SEC1 or JWK, encrypted or not")
    func forms() async throws {
        try await Folder.with { folder in
            let made = try Command.shell(
                """
                set -e; umask 077
                openssl genrsa -traditional -out pkcs1.pem 2048
                openssl ecparam -name secp384r1 -genkey -out sec1.pem
                openssl genpkey -algorithm ED25519 -aes256 -pass pass:open-sesame -out encrypted.pem
                openssl genrsa -traditional -aes256 -passout pass:open-sesame -out encrypted1.pem 2048
                openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out pkcs8.pem
                printf open-sesame > word
                """, in: folder)
            #expect(made.status == 0, "\(made.errors)")
            let jwk = """
                {"kty":"OKP","crv":"Ed25519","d":"nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A",\
                "x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}
                """
            try folder.write("key.jwk", jwk)
            chmod("\(folder.path)/key.jwk", 0o600)
            let keys = """
                signing: [{ file: pkcs8.pem }, { pem: { file: pkcs1.pem }, algorithm: PS256 }, { file: sec1.pem },
                  { pem: { file: encrypted.pem }, passphrase: { env: WORD } },
                  { pem: { file: encrypted1.pem }, passphrase: { file: word } }, { file: key.jwk }]
                """
            try folder.write("config.yaml", Setup.yaml(keys))
            let program = try await Program.start(
                folder, secrets: ["open-sesame"], environment: ["WORD": "open-sesame"])
            let published = try program.published
            #expect(
                published.compactMap { $0["alg"]?.string } == ["ES256", "PS256", "ES384", "EdDSA", "RS256", "EdDSA"])
            #expect(published.last?["kid"] == "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k")
            #expect(published.allSatisfy { $0["d"] == nil && $0["p"] == nil })
            #expect(try header(program.signed())["kid"] == published[0]["kid"])
            program.stop()
            let wrong = try Command.grantor("check", in: folder, environment: ["WORD": "open sesame"])
            #expect(wrong.status == 78 && wrong.errors.contains("the passphrase does not open the private key"))
            #expect(!wrong.errors.contains("open sesame"))
        }
    }

    @Test("a key that other users can read or change causes a warning that says what to do")
    func permissions() async throws {
        try await Folder.with { folder in
            _ = try Command.shell("umask 077; openssl genpkey -algorithm ED25519 -out key.pem", in: folder)
            try folder.write("config.yaml", Setup.yaml("signing: { file: key.pem }, seal: \(Setup.seal)"))
            let (read, change) = ("can read the key", "can change the key")
            let key = "\(folder.path)/key.pem"
            func check(_ mode: mode_t, _ warning: String?, _ remedy: String) throws {
                chmod(key, mode)
                let ended = try Command.grantor("check", in: folder)
                #expect(ended.status == 0, "\(ended.errors)")
                let message = warning.map { "other users of this machine \($0) in 'key.pem'" }
                #expect(ended.errors.isEmpty == (message == nil), "\(mode): \(ended.errors)")
                guard let message else { return }
                #expect(ended.errors.contains(message), "\(mode): \(ended.errors)")
                #expect(ended.errors.contains("chmod \(remedy) 'key.pem'"), "\(mode): \(ended.errors)")
                _ = try Command.shell("chmod \(remedy) key.pem", in: folder)
                #expect(try Command.grantor("check", in: folder).errors.isEmpty)
            }
            if geteuid() == 0 {
                // Root lets the server's group read a key but not change it.
                for (mode, warning) in [
                    (0o644, read), (0o604, read), (0o602, change), (0o660, change), (0o640, nil), (0o600, nil),
                ] as [(mode_t, String?)] { try check(mode, warning, "g-wx,o=") }
                chown(key, 65534, 65534)
            }
            for (mode, warning) in [
                (0o644, read), (0o640, read), (0o604, read), (0o620, change), (0o666, change), (0o600, nil),
            ] as [(mode_t, String?)] { try check(mode, warning, "go=") }
        }
    }

    @Test("a key from a URI or from 'keys import' is checked in the same way")
    func otherPermissions() async throws {
        try await Folder.with { folder in
            _ = try Command.shell("openssl genpkey -algorithm ED25519 -out key.pem; chmod 644 key.pem", in: folder)
            let path = "\(folder.path)/key.pem"
            let modules = try Command.shell("openssl version -m", in: folder).output
            let legacy = "\(try #require(modules.firstMatch(of: /"(.+)"/)?.1))/legacy.so"
            let keys = "seal: \(Setup.seal), provider: { path: \(legacy) }, signing: { uri: \"file:\(path)\" }"
            try folder.write("config.yaml", Setup.yaml(keys, algorithm: "EdDSA"))
            #expect(try Command.grantor("check", in: folder).errors.contains("can read the key in '\(path)'"))
            let imported = try Command.grantor("keys", "import", "key.pem", in: folder)
            #expect(imported.errors.contains("warning: other users of this machine can read the key in 'key.pem'"))
            chmod(path, 0o600)
            #expect(try Command.grantor("check", in: folder).errors.isEmpty)
            #expect(try !Command.grantor("keys", "import", "key.pem", in: folder).errors.contains("warning"))
        }
    }

    // MARK: rotation

    @Test(
        "keys rotate under load, no request is refused or delayed, and no token fails",
        arguments: ["ES256", "RS256"])
    func underLoad(_ algorithm: String) async throws {
        try await Folder.with { folder in
            try folder.write("config.yaml", Setup.yaml(Setup.quick, algorithm: algorithm))
            let programs = [try await Program.start(folder), try await Program.start(folder)]
            let load = programs.map { program in
                Task { try await onThread { try KeyLoad(port: program.port).run(changes: 3) } }
            }
            var (all, sets) = (KeyLoad.Result(), Set<Set<String>>())
            for task in load {
                let result = try await task.value
                #expect(result.refused == 0 && result.unverified == 0, "\(result)")
                // If a thread that serves requests generated an RSA key, it would take longer.
                #expect(result.slowest < .milliseconds(500) + result.latest * 20, "\(result)")
                sets.insert(result.signers)
                all.requests += result.requests
                all.published = max(all.published, result.published)
                all.slowest = max(all.slowest, result.slowest)
            }
            print("keys: \(algorithm): three changes under \(all.requests) requests on two servers")
            print("keys: \(algorithm): \(all.published) published at most, slowest answer \(all.slowest)")
            // The number of rotations depends on the machine. Besides the keys that have signed, only the announced one
            // is published.
            let signers = sets.reduce(Set()) { $0.union($1) }
            #expect((2...signers.count + 1).contains(all.published), "\(all.published), \(signers.count) signed")
            #expect(sets.allSatisfy { $0.count == 4 })
            for program in programs { #expect(program.stop() == 0) }
        }
    }

    @Test("a reload that needs another algorithm has its key before the next request")
    func reload() async throws {
        try await Folder.with { folder in
            try folder.write("config.yaml", Setup.yaml("cache: 2m"))
            let program = try await Program.start(folder)
            let before = try program.get("/.well-known/jwks.json")
            #expect(before.header("cache-control") == "public, max-age=120")
            let token = try program.signed()
            try folder.write("config.yaml", Setup.yaml("cache: 3m", algorithm: "EdDSA"))
            let news = try await program.reload()
            #expect(news.contains("was reloaded") && news.contains("the published keys have changed"))
            #expect(try await !program.reload().contains("the published keys have changed"))
            #expect(try header(program.signed())["alg"] == "EdDSA")
            let after = try program.get("/.well-known/jwks.json")
            #expect(after.header("etag") != before.header("etag"))
            #expect(after.header("cache-control") == "public, max-age=180")
            #expect(try program.kids().contains(try #require(try header(token)["kid"]?.string)))
            program.stop()
        }
    }

    @Test("a reload changes declared keys, and the old one stays published")
    func declared() async throws {
        try await Folder.with { folder in
            let made = try Command.shell(
                "umask 077; for n in 1 2; do openssl genpkey -algorithm ED25519 -out $n.pem; done", in: folder)
            #expect(made.status == 0)
            try folder.write("config.yaml", Setup.yaml("signing: { file: 1.pem }", algorithm: "EdDSA"))
            let program = try await Program.start(folder)
            let first = try program.kids()
            try folder.write("config.yaml", Setup.yaml("signing: { file: 2.pem }", algorithm: "EdDSA"))
            #expect(try await program.reload().contains("was reloaded"))
            let second = try program.kids()
            #expect(first.count == 1 && second.count == 2 && second[1] == first[0])
            #expect(try header(program.signed())["kid"]?.string == second[0])
            let listed = try Command.grantor("keys", "list", in: folder)
            #expect(listed.output.contains("the configuration") && listed.output.contains("retired, published until"))
            program.stop()
        }
    }

    // MARK: commands

    @Test("rotate, timeline and retire change what a running server publishes")
    func commands() async throws {
        try await Folder.with { folder in
            try folder.write("config.yaml", Setup.yaml("announce: 10m, cache: 598s"))
            let program = try await Program.start(folder)
            let first = try #require(try program.kids().first)
            let refused = try Command.grantor("keys", "retire", first, in: folder)
            #expect(refused.status == 1 && refused.errors.contains("grantor keys rotate --algorithm ES256"))
            let rotated = try Command.grantor("keys", "rotate", in: folder)
            #expect(rotated.status == 0 && rotated.output.contains("signs with ES256 from 20"), "\(rotated)")
            try await program.wait("announced") { try program.kids().count == 2 }
            #expect(try header(program.signed())["kid"]?.string == first)
            let listed = try Command.grantor("keys", "list", in: folder).output
            #expect(listed.contains("announced, signs from") && listed.contains("not sealed"))
            let timeline = try Command.grantor("keys", "timeline", "--count", "5", in: folder).output
            for word in ["signs", "retired", "removed", "new-1"] { #expect(timeline.contains(word), "\(timeline)") }
            let second = try #require(try program.kids().first { $0 != first })
            #expect(try Command.grantor("keys", "rotate", "--now", in: folder).output.hasPrefix(second))
            try await program.wait("signs") { try header(program.signed())["kid"]?.string == second }
            let retired = try Command.grantor("keys", "retire", first, in: folder)
            #expect(retired.status == 0, "\(retired.errors)")
            try await program.wait("retired") { try program.kids() == [second] }
            #expect(try Command.grantor("keys", "retire", first, in: folder).errors.contains("there is no key"))
            let metrics = try program.get("/metrics").body
            #expect(metrics.contains("grantor_keys_published 1\n"))
            let step = metrics.firstMatch(of: /grantor_keys_next_step_seconds (\d+)/).flatMap { Int($0.1) }
            #expect((7_700_000...7_776_000).contains(step ?? 0), "ninety days less ten minutes")
            program.stop()
        }
    }

    @Test("a key that was announced before a kill -9 signs on time")
    func crash() async throws {
        try await Folder.with { folder in
            try folder.write("config.yaml", Setup.yaml("rotate_every: 1h, announce: 4s, cache: 1s", expiration: 600))
            let program = try await Program.start(folder)
            let first = try program.kids()
            let rotated = try Command.grantor("keys", "rotate", in: folder).output
            let second = String(rotated.prefix { $0 != " " })
            program.kill9()
            let again = try await Program.start(folder)
            #expect(try Set(again.kids()) == Set(first + [second]))
            try await again.wait("signs") { try header(again.signed())["kid"]?.string == second }
            again.stop()
        }
    }

    @Test("an imported key signs if its algorithm has no key")
    func imported() async throws {
        try await Folder.with { folder in
            try folder.write("config.yaml", Setup.yaml(""))
            #expect(
                try Command.grantor("keys", "import", "none.pem", in: folder).errors.contains("cannot be read"))
            _ = try Command.shell(
                "umask 077; openssl genrsa -aes256 -passout pass:word -out key.pem 2048", in: folder)
            let early = try Command.grantor(
                "keys", "import", "key.pem", "--passphrase-env", "WORD", in: folder, environment: ["WORD": "word"])
            #expect(early.status == 1 && early.errors.contains("the first 'grantor serve' generates them"), "\(early)")
            let program = try await Program.start(folder)
            #expect(try Command.grantor("keys", "import", "key.pem", in: folder).errors.contains("passphrase"))
            let done = try Command.grantor(
                "keys", "import", "key.pem", "--passphrase-env", "WORD", in: folder, environment: ["WORD": "word"])
            #expect(done.status == 0 && done.output.contains("signs with RS256 from"), "\(done)")
            try await program.wait("imported") { try program.kids().count == 2 }
            let kid = try #require(done.output.split(separator: " ").first)
            try folder.write("config.yaml", Setup.yaml("", algorithm: "RS256"))
            #expect(try await program.reload().contains("was reloaded"))
            #expect(try header(program.signed())["kid"]?.string == String(kid))
            program.stop()
        }
    }

    // MARK: at rest

    @Test("sealed keys appear nowhere in the store in the clear, and a command reseals them")
    func sealed() async throws {
        try await Folder.with { folder in
            let other = String(repeating: "5a", count: 32)
            try folder.write("config.yaml", Setup.yaml(""))
            #expect(try Command.grantor("check", in: folder).errors.contains("keys in the store unsealed"))
            let open = try await Program.start(folder, secrets: [Setup.seal])
            #expect(!open.log.contains("unsealed"))
            let kids = try open.kids()
            #expect(try Command.grantor("keys", "reseal", in: folder).errors.contains("'keys.seal' is not set"))
            #expect(try holdsPrivateKey(folder))
            try folder.write("config.yaml", Setup.yaml("seal: \(Setup.seal)"))
            #expect(try Command.grantor("check", in: folder).errors.isEmpty)
            #expect(try await open.reload().contains("was reloaded"))
            let resealed = try Command.grantor("keys", "reseal", in: folder)
            #expect(resealed.status == 0 && resealed.output.contains("were unsealed"), "\(resealed)")
            #expect(resealed.output.contains(kids[0]) && resealed.output.contains("grantor keys rotate --now"))
            // While the server runs and has the file open.
            #expect(try !holdsPrivateKey(folder))
            #expect(try Command.grantor("keys", "list", in: folder).output.contains("sealed under"))
            #expect(try open.kids() == kids)
            #expect(try !Command.grantor("keys", "reseal", in: folder).output.contains("were unsealed"))
            open.stop()
            #expect(try !holdsPrivateKey(folder))
            try folder.write("config.yaml", Setup.yaml("seal: [\(other), { env: OLD }]"))
            let program = try await Program.start(
                folder, secrets: [other, Setup.seal], environment: ["OLD": Setup.seal])
            #expect(try program.kids() == kids)
            program.stop()
            try folder.write("config.yaml", Setup.yaml("seal: \(other)"))
            let refused = try Command.grantor("serve", in: folder)
            #expect(refused.status == 1 && refused.errors.contains("add that key to 'keys.seal'"), "\(refused.errors)")
        }
    }

    @Test("a store that was sealed from the start never held an unsealed private key")
    func sealedFromTheStart() async throws {
        try await Folder.with { folder in
            try folder.write("config.yaml", Setup.yaml("seal: \(Setup.seal)"))
            let program = try await Program.start(folder)
            _ = try program.signed()
            program.stop()
            #expect(try !holdsPrivateKey(folder))
        }
    }

    private func holdsPrivateKey(_ folder: Folder) throws -> Bool {
        try Command.shell("grep -rq 'BEGIN PRIVATE KEY' var", in: folder).status == 0
    }
}
