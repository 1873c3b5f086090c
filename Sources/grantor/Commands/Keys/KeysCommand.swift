// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import AuthorizationServer
import Cryptography
import Foundation
import GrantKit
import ServerConfiguration

struct KeysCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "keys", abstract: "Shows and changes the server's own keys.",
        discussion: """
            The server rotates its keys by itself: a key is announced, then signs, then stays published until the last \
            token that it signed has expired. Use these commands to do it sooner or differently. They change the \
            configuration's store; a server that uses the same store picks up a change within seconds.
            """,
        subcommands: [List.self, Timeline.self, Rotate.self, Retire.self, Import.self, Reseal.self])

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Lists the published keys.",
            discussion: """
                Reads them from the store, where the first start of the server puts them. New tokens are signed by the \
                key whose state is 'signs'. The other keys are published so that tokens can be verified before and \
                after a rotation.
                """)

        @OptionGroup var option: ConfigurationOption

        func run() async throws {
            try await OpenKeys.use(option) { keys in
                guard let record = try await keys.stored.read(now: keys.now) else {
                    return StandardOutput.print(OpenKeys.none)
                }
                StandardOutput.print(Table.render([["KID", "ALGORITHM", "STATE", "KEPT IN"]] + keys.rows(record)))
            }
        }
    }

    struct Timeline: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Shows what will happen to the keys, and when.",
            discussion: """
                Computed from the store and the periods under 'keys' in the configuration, in the same way as the \
                server does it. Keys that do not exist yet are called new-1, new-2 and so on. Times are in UTC.
                """)

        @OptionGroup var option: ConfigurationOption
        @Option(help: "How many events to show.") var count = 12

        func run() async throws {
            try await OpenKeys.use(option) { keys in
                guard let record = try await keys.stored.read(now: keys.now) else {
                    return StandardOutput.print(OpenKeys.none)
                }
                let events = keys.settings.plan.timeline(
                    record, from: keys.now, needs: keys.settings.needs, count: min(max(count, 1), 1000))
                let rows = events.map { event in
                    [
                        event.moment.rfc3339, event.kind.rawValue, event.key, event.algorithm.rawValue,
                    ]
                }
                StandardOutput.print(Table.render([["WHEN", "EVENT", "KID", "ALGORITHM"]] + rows))
            }
        }
    }

    struct Rotate: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Generates a successor for the signing key.",
            discussion: """
                The successor is announced at once and signs after 'keys.announce', so that verifiers know the key \
                before it is used. With --now, it signs as soon as the servers have read it. Use that if a key was \
                stolen, and then retire the old key with 'grantor keys retire'. With --algorithm, you can announce a \
                key before anything asks for its algorithm; it is kept for an hour.
                """)

        @OptionGroup var option: ConfigurationOption
        @Option(help: "The algorithm; by default, every algorithm that the server generates keys for.")
        var algorithm: String?
        @Flag(help: "Sign at once.") var now = false

        func run() async throws {
            try await OpenKeys.use(option) { keys in
                for algorithm in try keys.algorithms(algorithm) {
                    let (stored, plan, time) = (keys.stored, keys.settings.plan, keys.now)
                    let start: KeyRecord.Start = now ? .now : .announced
                    let details: JSON = ["change": "rotated", "algorithm": .string(algorithm.rawValue)]
                    let record = try await keys.change(details) { record in
                        try record.rotated(algorithm, start, now: time, plan: plan, make: stored.make).record
                    }
                    guard let key = record.keys.last(where: { $0.algorithm == algorithm }) else { continue }
                    StandardOutput.print("\(key.id) signs with \(algorithm.rawValue) from \(key.from.rfc3339)")
                }
            }
        }
    }

    struct Retire: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Stops publishing a key.",
            discussion: """
                Tokens signed by the key can no longer be verified. The server retires keys by itself when the last \
                token has expired, so use this only for a key that may be in the wrong hands. A key that still signs \
                cannot be retired; replace it first with 'grantor keys rotate'.
                """)

        @OptionGroup var option: ConfigurationOption
        @Argument(help: "The key's id, as 'grantor keys list' shows it.") var kid: String

        func run() async throws {
            try await OpenKeys.use(option) { keys in
                let (needs, time) = (keys.settings.needs, keys.now)
                try await keys.change(["change": "retired", "kid": .string(kid)]) { [kid] record in
                    try record.retired(kid, now: time, needs: needs)
                }
                StandardOutput.print(
                    "\(kid) is no longer published; others may cache it for \(keys.settings.plan.cache.text)")
            }
        }
    }

    struct Import: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Imports a private key into the store.",
            discussion: """
                Reads a PEM file (PKCS#8, PKCS#1, SEC1) or a JWK. The key is announced and signs after \
                'keys.announce', or at once if its algorithm has no key yet or if you pass --now. After that, it is \
                rotated like the keys that the server generates.
                """)

        @OptionGroup var option: ConfigurationOption
        @Argument(help: "The file. A relative path is resolved against the folder that contains the configuration.")
        var file: String
        @Option(help: "RS256 or PS256 for an RSA key; other keys have only one algorithm.") var algorithm: String?
        @Option(help: "The environment variable that holds the passphrase of an encrypted key.")
        var passphraseEnv: String?
        @Flag(help: "Sign at once.") var now = false

        func run() async throws {
            try await OpenKeys.use(option) { keys in
                let key = try read()
                let algorithm = try OpenKeys.algorithm(key.algorithm)
                let (stored, plan, time) = (keys.stored, keys.settings.plan, keys.now)
                let start: KeyRecord.Start = now ? .now : .announced
                let record = try await keys.change(["change": "imported", "kid": .string(key.id)]) { record in
                    let from = record.moment(algorithm, start, now: time, plan: plan)
                    return try record.imported(try stored.entry(key, announced: time, from: from))
                }
                guard let entry = record.keys.first(where: { $0.id == key.id }) else { return }
                StandardOutput.print("\(key.id) signs with \(key.algorithm) from \(entry.from.rfc3339)")
            }
        }

        private func read() throws -> SigningKey {
            guard let data = FileManager.default.contents(atPath: file), let text = String(data: data, encoding: .utf8)
            else { throw Failure("the file '\(file)' cannot be read") }
            if let exposure = FileExposure(ofFile: file) {
                let warning = "warning: \(exposure.message(file)): \(exposure.note(file))\n"
                LogWriter.standardError.write(warning)
            }
            let passphrase = try passphraseEnv.map { name in
                guard let value = ProcessInfo.processInfo.environment[name] else {
                    throw Failure("the environment variable '\(name)' is not set")
                }
                return Secret(value)
            }
            return try SigningKey(
                pem: Secret(text), passphrase: passphrase, algorithm: try algorithm.map(OpenKeys.algorithm))
        }
    }

    struct Reseal: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Seals all private keys in the store again.",
            discussion: """
                Seals them under the first key of 'keys.seal', which must be set. To change that key, put the new one \
                first and keep the old one second, reload the servers, run this command, and remove the old one. \
                Replace every signing key that was ever kept unsealed: sealing does not reach backups.
                """)

        @OptionGroup var option: ConfigurationOption

        func run() async throws {
            try await OpenKeys.use(option) { keys in
                guard keys.isSealed else { throw Failure("'keys.seal' is not set, so there is no key to seal with") }
                let stored = keys.stored
                let before = try await stored.read(now: keys.now)
                let record = try await keys.change(["change": "resealed"]) { try stored.resealed($0) }
                StandardOutput.print("sealed \(record.keys.count) signing keys and the MAC keys")
                let open = (before?.keys ?? []).filter { $0.sealedUnder == nil }.map(\.id)
                guard !open.isEmpty else { return }
                StandardOutput.print(
                    "these were unsealed and may still be in backups or on disk: \(open.joined(separator: " "))")
                StandardOutput.print(
                    "replace them: run 'grantor keys rotate --now', then 'grantor keys retire' with each id")
            }
        }
    }
}
