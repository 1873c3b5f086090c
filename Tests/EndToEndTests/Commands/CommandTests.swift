// SPDX-License-Identifier: Apache-2.0

import Foundation
import GrantKit
import Testing

@Suite("The command", .timeLimit(.minutes(10)))
struct CommandTests {
    @Test("lists the installed plugins")
    func list() async throws {
        try await Folder.with { folder in
            let listed = try Command.grantor("plugins", "list", in: folder)
            #expect(listed.status == 0, "\(listed.errors)")
            for id in [
                "client-credentials", "introspection", "jwt-token", "memory-store", "opaque-token", "refresh-token",
                "sqlite-store",
            ] {
                #expect(listed.output.contains("  \(id) "))
            }
            #expect(!listed.output.contains("GrantKit"))
        }
    }

    @Test("shows every setting and attribute that a plugin reads")
    func show() async throws {
        try await Folder.with { folder in
            let shown = try Command.grantor("plugins", "show", "refresh-token", in: folder)
            for text in [
                "grace", "0s to 1m", "lifetime", "30d", "auth.<grant>.refresh_token ",
                "auth.<grant>.refresh_token_expiration", "grant refresh_token",
            ] {
                #expect(shown.output.contains(text), "\(text)")
            }
            let unknown = try Command.grantor("plugins", "show", "refresh-tokens", in: folder)
            #expect(unknown.status != 0 && unknown.errors.contains("the plugin 'refresh-tokens' is not installed"))
        }
    }

    @Test("prints its version and the kit's")
    func version() async throws {
        try await Folder.with { folder in
            let ended = try Command.grantor("version", in: folder)
            #expect(ended.output == "grantor 0.2.0, kit 0.2\n")
        }
    }

    @Test("names a missing configuration")
    func missing() async throws {
        try await Folder.with { folder in
            let ended = try Command.grantor("serve", in: folder)
            #expect(ended.status != 0 && ended.errors.contains("there is no configuration file 'config.yaml'"))
        }
    }

    @Test("checks without opening a port or a store")
    func check() async throws {
        try await Folder.with { folder in
            try folder.write("config.yaml", Configurations.yaml())
            let ended = try Command.grantor("check", in: folder)
            #expect(ended.status == 0 && ended.output == "config.yaml is valid: 6 plugins, 1 client\n", "\(ended)")
            #expect(!FileManager.default.fileExists(atPath: "\(folder.path)/var"))
        }
    }

    @Test("there are no keys before the first start")
    func noKeys() async throws {
        try await Folder.with { folder in
            try folder.write("config.yaml", Configurations.yaml())
            #expect(try Command.grantor("keys", "list", in: folder).output.hasPrefix("no keys yet"))
        }
    }

    @Test(
        "a signing key comes from a file or the environment",
        arguments: ["{ file: key.pem }", "{ env: TEST_SIGNING_KEY }"])
    func declaredKey(_ reference: String) async throws {
        try await Folder.with { folder in
            let made = try Command.shell(
                "openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out key.pem", in: folder)
            #expect(made.status == 0)
            try folder.write(
                "config.yaml", Configurations.yaml(format: "jwt", more: "keys: { signing: [\(reference)] }"))
            let pem = folder.read("key.pem")
            let program = try await Program.start(folder, secrets: [pem], environment: ["TEST_SIGNING_KEY": pem])
            defer { program.stop() }
            let published = try program.get("/.well-known/jwks.json").json["keys"]?.elements ?? []
            #expect(published.count == 1)
            let point = try Command.shell(
                "openssl ec -in key.pem -pubout -outform DER 2>/dev/null | tail -c 64 | head -c 32 | base64 | tr '+/' '-_' | tr -d '=\\n'",
                in: folder)
            #expect(published.first?["x"]?.string == point.output)
        }
    }

    struct BadKey: Sendable, CustomTestStringConvertible {
        var rule: String
        var made: String
        var message: String
        var testDescription: String { rule }
    }

    @Test(
        "an unusable signing key is refused with the reason",
        arguments: [
            BadKey(
                rule: "size", made: "openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:1024 -out key.pem",
                message: "it is an RSA key of 1024 bits, which must be between 2048 and 16384"),
            BadKey(
                rule: "exponent",
                made:
                    "openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -pkeyopt rsa_keygen_pubexp:3 -out key.pem",
                message: "its public exponent is too small"),
            BadKey(
                rule: "curve", made: "openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:secp256k1 -out key.pem",
                message: "the key is on the curve 'secp256k1': it must be on P-256, P-384"),
            BadKey(
                rule: "curve that only verifies",
                made: "openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-521 -out key.pem",
                message: "the key is on the curve P-521"),
            BadKey(
                rule: "kind", made: "openssl genpkey -algorithm X25519 -out key.pem",
                message: "the key is of an unsupported kind"),
            BadKey(
                rule: "public half",
                made: "openssl genpkey -algorithm ED25519 | openssl pkey -pubout -out key.pem",
                message: "it is a public key or a certificate, not a private key"),
            BadKey(
                rule: "encrypted",
                made: "openssl genpkey -algorithm ED25519 -aes256 -pass pass:word -out key.pem",
                message: "the private key is encrypted; set its 'passphrase'"),
            BadKey(
                rule: "halves",
                made: """
                    for n in 1 2; do openssl ecparam -name prime256v1 -genkey -noout -outform DER -out $n.der; done
                    (head -c 57 1.der; tail -c +58 2.der) | openssl base64 > body
                    (echo "-----BEGIN EC PRIVATE KEY-----"; cat body; echo "-----END EC PRIVATE KEY-----") > key.pem
                    """,
                message: "the private and the public half of the key do not match"),
        ])
    func badKey(_ bad: BadKey) async throws {
        try await Folder.with { folder in
            let made = try Command.shell("set -e; umask 077; \(bad.made)", in: folder)
            #expect(made.status == 0, "\(made.errors)")
            try folder.write("config.yaml", Configurations.yaml(more: "keys: { signing: [{ file: key.pem }] }"))
            for command in ["serve", "check"] {
                let ended = try Command.grantor(command, in: folder)
                #expect(
                    ended.status == 78 && ended.errors.contains(bad.message), "\(command): \(ended.errors)")
            }
        }
    }
}
