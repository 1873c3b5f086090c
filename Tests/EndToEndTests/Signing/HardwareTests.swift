// SPDX-License-Identifier: Apache-2.0

import Cryptography
import Foundation
import GrantKit
import Testing

/// A software token, and what is needed to access it.
private enum Token {
    static let module = "/usr/lib/softhsm/libsofthsm2.so"
    /// A module that records the calls of another.
    static let spy = "/usr/lib/x86_64-linux-gnu/pkcs11-spy.so"
    static let provider = ProcessInfo.processInfo.environment["GRANTOR_PKCS11_PROVIDER"] ?? ""

    /// What is missing on this machine; nil if nothing is.
    static var missing: String? {
        let files = [
            ("softhsm2", module), ("softhsm2", "/usr/bin/softhsm2-util"), ("opensc", "/usr/bin/pkcs11-tool"),
            ("opensc-pkcs11", spy),
        ]
        for (package, file) in files where !FileManager.default.fileExists(atPath: file) {
            return "the package '\(package)' is missing: there is no \(file)"
        }
        if FileManager.default.fileExists(atPath: provider) { return nil }
        return "GRANTOR_PKCS11_PROVIDER does not name the provider: see Scripts/pkcs11-provider"
    }

    /// Creates a token with keys of three kinds in a folder.
    static func make(_ folder: Folder) throws {
        try folder.write(
            "softhsm2.conf",
            "directories.tokendir = \(folder.path)/tokens\nobjectstore.backend = file\nlog.level = ERROR\n")
        let tool = "pkcs11-tool --module \(module) --token-label grantor --login --pin 12$4#x --usage-sign --keypairgen"
            .replacing("12$4#x", with: "'12$4#x'")
        let made = try Command.shell(
            """
            set -e; mkdir tokens
            softhsm2-util --init-token --free --label grantor --so-pin 12345678 --pin '12$4#x'
            \(tool) --key-type EC:prime256v1 --id 01 --label es256
            \(tool) --key-type rsa:2048 --id 02 --label rsa
            \(tool) --key-type EC:secp384r1 --id 03 --label es384
            """, in: folder, environment: environment(folder))
        #expect(made.status == 0, "\(made.errors)")
    }

    static func environment(_ folder: Folder) -> [String: String] {
        ["SOFTHSM2_CONF": "\(folder.path)/softhsm2.conf", "PIN": "12$4#x"]
    }
}

private func yaml(provider: String, signing: String, algorithm: String) -> String {
    """
    issuer: http://127.0.0.1:8080
    listen: { host: 127.0.0.1, port: 0 }
    plugins:
      - { plugin: sqlite-store, settings: { path: var/grantor.db } }
      - { plugin: jwt-token, settings: { algorithm: \(algorithm) } }
      - client-credentials
    clients:
      - { id: service, secret: "\(Configurations.secret)", grant_types: [client_credentials] }
    keys:
      provider: \(provider)
      signing: [\(signing)]
    """
}

@Suite("Keys held by an OpenSSL provider", .timeLimit(.minutes(10)))
struct HardwareTests {
    private static var softHSM: String {
        "{ name: hsm, path: \(Token.provider), parameters: { pkcs11-module-path: \(Token.module) } }"
    }

    private static func key(_ label: String, algorithm: String) -> String {
        "{ uri: \"pkcs11:token=grantor;object=\(label);type=private\", pin: { env: PIN }, algorithm: \(algorithm) }"
    }

    @Test("the requirements of these tests are met wherever the project tests itself")
    func complete() {
        guard let missing = Token.missing else { return }
        print("hardware: NOT TESTED, no token signed anything: \(missing)")
        #expect(ProcessInfo.processInfo.environment["CI"] != "true", "\(missing)")
    }

    @Test(
        "a hardware token signs, and its signatures verify elsewhere",
        .enabled(if: Token.missing == nil, Comment(rawValue: Token.missing ?? "")),
        arguments: [("es256", "ES256"), ("rsa", "RS256"), ("rsa", "PS256"), ("es384", "ES384")])
    func signs(_ label: String, _ algorithm: String) async throws {
        try await Folder.with { folder in
            try Token.make(folder)
            try folder.write(
                "config.yaml",
                yaml(
                    provider: HardwareTests.softHSM, signing: HardwareTests.key(label, algorithm: algorithm),
                    algorithm: algorithm))
            let environment = Token.environment(folder)
            let program = try await Program.start(folder, secrets: ["12$4#x"], environment: environment)
            let keys = try program.get("/.well-known/jwks.json").json["keys"]?.elements ?? []
            #expect(keys.count == 1 && keys[0]["alg"]?.string == algorithm)
            for _ in 0..<20 {
                let token = try #require(try program.token("service", Configurations.secret)["access_token"])
                #expect(try OpenSSLCommand(folder).verifies(token, keys[0]))
            }
            kill(program.pid, SIGHUP)
            let token = try #require(try program.token("service", Configurations.secret)["access_token"])
            #expect(try OpenSSLCommand(folder).verifies(token, keys[0]))
            let listed = try Command.grantor("keys", "list", in: folder, environment: environment)
            #expect(listed.output.contains(keys[0]["kid"]?.string ?? "-"), "\(listed)")
            #expect(program.stop() == 0)
        }
    }

    @Test(
        "the error for a token that does not open says what to check and shows no PIN",
        .enabled(if: Token.missing == nil, Comment(rawValue: Token.missing ?? "")))
    func refusals() async throws {
        try await Folder.with { folder in
            try Token.make(folder)
            let wrongKind = HardwareTests.key("rsa", algorithm: "ES256")
            for (signing, pin, message) in [
                (HardwareTests.key("es256", algorithm: "ES256"), "another-pin", "no private key at 'pkcs11:"),
                (HardwareTests.key("none", algorithm: "ES256"), "12$4#x", "no private key at 'pkcs11:"),
                ("{ uri: \"pkcs11:token=grantor\", pin: { env: PIN } }", "12$4#x", "3 private keys at"),
                (wrongKind, "12$4#x", "the key cannot sign with 'ES256': it is an RSA key"),
            ] {
                try folder.write(
                    "config.yaml", yaml(provider: HardwareTests.softHSM, signing: signing, algorithm: "ES256"))
                var environment = Token.environment(folder)
                environment["PIN"] = pin
                let ended = try Command.grantor("check", in: folder, environment: environment)
                #expect(ended.status == 78 && ended.errors.contains(message), "\(message): \(ended.errors)")
                #expect(!ended.errors.contains(pin))
            }
        }
    }

    @Test(
        "a wrong PIN is tried once",
        .enabled(if: Token.missing == nil, Comment(rawValue: Token.missing ?? "")))
    func wrongPIN() async throws {
        try await Folder.with { folder in
            try Token.make(folder)
            let provider =
                "{ name: hsm, path: \(Token.provider), parameters: { pkcs11-module-path: \(Token.spy) } }"
            let signing = HardwareTests.key("es256", algorithm: "ES256")
            try folder.write("config.yaml", yaml(provider: provider, signing: signing, algorithm: "ES256"))
            var environment = Token.environment(folder)
            (environment["PKCS11SPY"], environment["PKCS11SPY_OUTPUT"]) = (Token.module, "\(folder.path)/spy")
            environment["PIN"] = "another-pin"
            #expect(try Command.grantor("check", in: folder, environment: environment).status == 78)
            #expect(folder.read("spy").ranges(of: "CKR_PIN_INCORRECT").count == 1, "\(folder.read("spy"))")
        }
    }

    // MARK: without hardware

    /// A provider that comes with OpenSSL.
    private static func legacy(_ folder: Folder) throws -> String {
        let modules = try Command.shell("openssl version -m", in: folder).output
        let path = try #require(modules.firstMatch(of: /"(.+)"/)?.1)
        return "\(path)/legacy.so"
    }

    @Test("a key with another kind of URI signs in the provider's own context")
    func file() async throws {
        try await Folder.with { folder in
            _ = try Command.shell("umask 077; openssl genpkey -algorithm ED25519 -out key.pem", in: folder)
            let signing = "{ uri: \"file:\(folder.path)/key.pem\" }"
            try folder.write(
                "config.yaml",
                yaml(provider: "{ path: \(try HardwareTests.legacy(folder)) }", signing: signing, algorithm: "EdDSA"))
            let program = try await Program.start(folder)
            let keys = try program.get("/.well-known/jwks.json").json["keys"]?.elements ?? []
            let token = try #require(try program.token("service", Configurations.secret)["access_token"])
            #expect(try keys.count == 1 && OpenSSLCommand(folder).verifies(token, keys[0]))
            #expect(program.stop() == 0)
        }
    }

    @Test("an unusable provider prevents the start, with OpenSSL's reason")
    func providers() async throws {
        try await Folder.with { folder in
            let key = "{ uri: \"pkcs11:token=none\", pin: \"1234\" }"
            for (path, message) in [
                ("/nonexistent.so", "cannot open shared object file"),
                ("/etc/passwd", "invalid ELF header"),
                (try HardwareTests.legacy(folder), "OpenSSL cannot open 'pkcs11:token=none': unregistered scheme"),
            ] {
                try folder.write("config.yaml", yaml(provider: "{ path: \(path) }", signing: key, algorithm: "ES256"))
                let ended = try Command.grantor("check", in: folder)
                #expect(ended.status == 78 && ended.errors.contains(message), "\(message): \(ended.errors)")
            }
        }
    }
}
