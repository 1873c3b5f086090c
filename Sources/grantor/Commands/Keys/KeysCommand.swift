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
            The server changes its keys by itself: a key is announced, signs, and stays published until its last token \
            has ended. These commands are for whoever wants it to happen now or otherwise. They work on the store of \
            the configuration; a server that runs on the same store sees a change within seconds.
            """,
        subcommands: [List.self, Timeline.self, Rotate.self, Retire.self, Import.self, Reseal.self])

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Lists the published keys.",
            discussion: """
                Reads them from the store; a server that never started has none yet. The key that 'signs' makes new \
                tokens; the others are published so that tokens verify before and after it.
                """)

        @OptionGroup var option: ConfigurationOption

        func run() async throws {
            try await OpenKeys.use(option) { keys in
                guard let record = try await keys.stored.read(now: keys.now) else { return print(OpenKeys.none) }
                print(Table.render([["KID", "ALGORITHM", "STATE", "KEPT IN"]] + keys.rows(record)))
            }
        }
    }

    struct Timeline: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Shows what will happen to the keys, and when.",
            discussion: """
                Computed from the store and the periods under 'keys', as a server does it. Keys that are not made yet \
                are called new-1, new-2 and so on. Times are UTC.
                """)

        @OptionGroup var option: ConfigurationOption
        @Option(help: "How many events to show.") var count = 12

        func run() async throws {
            try await OpenKeys.use(option) { keys in
                guard let record = try await keys.stored.read(now: keys.now) else { return print(OpenKeys.none) }
                let events = keys.settings.plan.timeline(
                    record, from: keys.now, needs: keys.settings.needs, count: min(max(count, 1), 1000))
                let rows = events.map { event in
                    [
                        event.moment.rfc3339, event.kind.rawValue, event.key, event.algorithm.rawValue,
                    ]
                }
                print(Table.render([["WHEN", "EVENT", "KID", "ALGORITHM"]] + rows))
            }
        }
    }

    struct Rotate: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Makes a successor of the key that signs.",
            discussion: """
                The successor is announced at once and signs after 'keys.announce', so that nobody meets a key that \
                is unknown. With '--now' it signs as soon as the servers have read it: for when a key was stolen, and \
                then 'grantor keys retire' the old one. With '--algorithm' a key can be announced before anything \
                asks for its algorithm; it is kept for an hour.
                """)

        @OptionGroup var option: ConfigurationOption
        @Option(help: "The algorithm; without it all for which the server makes keys.") var algorithm: String?
        @Flag(help: "Sign at once.") var now = false

        func run() async throws {
            try await OpenKeys.use(option) { keys in
                for algorithm in try keys.algorithms(algorithm) {
                    let (stored, plan, time) = (keys.stored, keys.settings.plan, keys.now)
                    let start: KeyRecord.Start = now ? .now : .announced
                    let details: JSON = ["change": "rotated", "algorithm": .string(algorithm.rawValue)]
                    let record = try await keys.open.recording(Event(.keysChanged, details: details)) {
                        try await stored.change(now: time) { record in
                            guard let record else { return nil }
                            return try record.rotated(algorithm, start, now: time, plan: plan, make: stored.make).record
                        }
                    }
                    guard let key = record.keys.last(where: { $0.algorithm == algorithm }) else { continue }
                    print("\(key.id) signs with \(algorithm.rawValue) from \(key.from.rfc3339)")
                }
            }
        }
    }

    struct Retire: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Takes a key out of the published ones.",
            discussion: """
                What it signed no longer verifies. Keys go by themselves when their last token has ended: this is for \
                a key that others may have. A key that signs is not taken out; 'grantor keys rotate' makes its \
                successor.
                """)

        @OptionGroup var option: ConfigurationOption
        @Argument(help: "The key's id, as 'grantor keys list' shows it.") var kid: String

        func run() async throws {
            try await OpenKeys.use(option) { keys in
                let (needs, time) = (keys.settings.needs, keys.now)
                let details: JSON = ["change": "retired", "kid": .string(kid)]
                _ = try await keys.open.recording(Event(.keysChanged, details: details)) {
                    try await keys.stored.change(now: time) { [kid] in try $0?.retired(kid, now: time, needs: needs) }
                }
                print("\(kid) is published no longer; others may keep it for \(keys.settings.plan.cache.text)")
            }
        }
    }

    struct Import: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Puts a private key into the store.",
            discussion: """
                From a file in PEM (PKCS#8, PKCS#1, SEC1) or as a JWK. It is announced and signs after \
                'keys.announce', or at once if the algorithm has no key yet or with '--now'. Then it changes as the \
                server's own keys do.
                """)

        @OptionGroup var option: ConfigurationOption
        @Argument(help: "The file; a relative path starts at the folder of the configuration.") var file: String
        @Option(help: "RS256 or PS256 for an RSA key; other keys have only one.") var algorithm: String?
        @Option(help: "The environment variable with the passphrase of an encrypted key.") var passphraseEnv: String?
        @Flag(help: "Sign at once.") var now = false

        func run() async throws {
            try await OpenKeys.use(option) { keys in
                let key = try read()
                let algorithm = try OpenKeys.algorithm(key.algorithm)
                let (stored, plan, time) = (keys.stored, keys.settings.plan, keys.now)
                let start: KeyRecord.Start = now ? .now : .announced
                let details: JSON = ["change": "imported", "kid": .string(key.id)]
                let record = try await keys.open.recording(Event(.keysChanged, details: details)) {
                    try await stored.change(now: time) { record in
                        guard let record else { return nil }
                        let from = record.moment(algorithm, start, now: time, plan: plan)
                        return try record.imported(try stored.entry(key, announced: time, from: from))
                    }
                }
                guard let entry = record.keys.first(where: { $0.id == key.id }) else { return }
                print("\(key.id) signs with \(key.algorithm) from \(entry.from.rfc3339)")
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
            abstract: "Seals all private keys in the store anew.",
            discussion: """
                Under the first key of 'keys.seal'. To change that key: put the new one first and keep the old one \
                second, reload the servers, run this, remove the old one. Without 'keys.seal' nothing can be sealed. A key \
                that ever stood open should be changed: sealing does not reach backups.
                """)

        @OptionGroup var option: ConfigurationOption

        func run() async throws {
            try await OpenKeys.use(option) { keys in
                guard keys.isSealed else { throw Failure("'keys.seal' is not set: there is nothing to seal with") }
                let stored = keys.stored
                let before = try await stored.read(now: keys.now)
                let record = try await keys.open.recording(Event(.keysChanged, details: ["change": "resealed"])) {
                    try await stored.change(now: keys.now) { try $0.map(stored.resealed) }
                }
                print("sealed \(record.keys.count) signing keys and the keys of authentication codes")
                let open = (before?.keys ?? []).filter { $0.sealedUnder == nil }.map(\.id)
                guard !open.isEmpty else { return }
                print("these stood open and may be in backups and on the disk still: \(open.joined(separator: " "))")
                print("change them: 'grantor keys rotate --now', then 'grantor keys retire' with each")
            }
        }
    }
}
