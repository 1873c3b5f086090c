// SPDX-License-Identifier: Apache-2.0

import GrantKit
@_spi(Host) import GrantKitTesting

/// Faults of extensions of responses, and extensions without one.
enum ExtensionMutants {
    private static let names = "its members are words, and none is a member of the server's own"
    private static let responds = "it adds to every kind of response, or leaves it as it is"
    private static let strange = "strange values in what was granted do no harm"

    typealias Extend = @Sendable (inout Issuance, any PluginHost) async throws -> Void

    private static func plugin(_ members: [String] = ["ticket"], _ extend: @escaping Extend) -> PluginUnderTest {
        ClosureParts.underTest { registry, host in
            registry.add(extension: ClosureExtension(members: members) { try await extend(&$0, host) })
        }
    }

    private static let records: Extend = { issuance, host in
        let value = host.random(bytes: 32)
        issuance.alsoWrite(.create(Faults.record(host.cryptography.digest(value), host)))
        try issuance.add("ticket", .string(value))
    }

    static let sound: [(name: String, plugin: PluginUnderTest)] = [
        ("an extension with records", plugin(["ticket"], records)),
        (
            "an extension for users",
            plugin { issuance, _ in
                guard case .user(let id) = issuance.authorization.subject else { return }
                try issuance.add("ticket", .string(id))
            }
        ),
        (
            "an extension that refuses public clients",
            plugin { issuance, _ in
                guard !issuance.client.isPublic else { throw OAuthError(.unauthorizedClient, "not for you") }
            }
        ),
    ]

    static let all: [Mutant] = [
        Mutant(
            "its member has a space", breaks: names, says: "'my ticket' is not a word",
            plugin(["my ticket"]) { _, _ in }),
        Mutant(
            "its member is the server's", breaks: names, says: "belongs to the server", plugin(["scope"]) { _, _ in }),
        Mutant(
            "it replaces the access token", breaks: responds, says: "two plugins add",
            plugin { issuance, _ in try issuance.add("access_token", "mine") }),
        Mutant(
            "it adds a member twice", breaks: responds, says: "two plugins add",
            plugin { issuance, _ in
                try issuance.add("ticket", "1")
                try issuance.add("ticket", "2")
            }),
        Mutant(
            "it replaces the issuance", breaks: responds, says: "replaced the issuance by another one",
            plugin { issuance, host in
                var wide = issuance.authorization
                wide.limits = AccessLimits(scope: ["admin"])
                issuance = Issuance.test(wide, to: issuance.client, for: issuance.answer, at: host.now)
            }),
        Mutant(
            "it fails without a user", breaks: responds, says: "throw an OAuthError",
            plugin { issuance, _ in
                guard case .user = issuance.authorization.subject else { throw Faults.OwnError() }
            }),
        Mutant(
            "it writes to an undeclared collection", breaks: responds, says: "add registry.add(collection:)",
            plugin { issuance, _ in issuance.alsoWrite(.delete(StoreKey("parts", "a"))) }),
        Mutant(
            "it writes one record twice", breaks: responds, says: "twice: combine the two writes",
            plugin { issuance, host in
                issuance.alsoWrite(.create(Faults.record("a", host)))
                issuance.alsoWrite(.create(Faults.record("a", host)))
            }),
        Mutant(
            "it refuses everything", breaks: responds, says: "every response is refused",
            plugin { _, _ in throw OAuthError(.accessDenied, "no") }),
        Mutant(
            "it fails at the authorization endpoint",
            breaks: "it takes responses of the authorization endpoint too", says: "throw an OAuthError",
            plugin { issuance, _ in
                guard case .token = issuance.answer else { throw Faults.OwnError() }
            }),
        Mutant(
            "it adds an undeclared member", breaks: responds, says: "adds 'tikcet' to a response without declaring it",
            plugin { issuance, _ in try issuance.add("tikcet", "1") }),
        Mutant(
            "it writes to the store itself",
            breaks: "it writes nothing itself: what it changes is in the writes of the response",
            says: "use issuance.alsoWrite",
            plugin { _, host in
                _ = try await host.store.write([.create(Faults.record(host.random(bytes: 16), host))])
            }),
        Mutant(
            "all of its records have one id",
            breaks: "a hundred responses at once are issued, each with its own records",
            says: "give each response records of its own",
            plugin { issuance, host in issuance.alsoWrite(.create(Faults.record(issuance.client.id, host))) }),
        Mutant(
            "it remembers whom it has answered", breaks: "it can be asked again for a response that was not committed",
            says: "keep nothing of a response",
            ClosureParts.underTest { registry, _ in
                let tally = Faults.Tally()
                registry.add(
                    extension: ClosureExtension { _ in
                        guard tally.next() == 1 else { throw OAuthError.invalidGrant(reason: "answered before") }
                    })
            }),
        Mutant(
            "it repeats the subject", breaks: strange, says: "repeats what was sent",
            plugin { issuance, _ in
                let id = issuance.authorization.subject.id
                guard id.utf8.count < 10 else { throw OAuthError(.accessDenied, "there is no \(id)") }
            }),
        Mutant(
            "strange subjects make it fail", breaks: strange, says: "throw an OAuthError",
            plugin { issuance, _ in
                guard issuance.authorization.subject.id.utf8.count < 10 else { throw Faults.OwnError() }
            }),
        Mutant(
            "it takes a failing store for an empty one",
            breaks: "if the store fails, nothing is issued without what it adds", says: "let the StoreError through",
            plugin { _, host in _ = try? await host.store.read(StoreKey("part", "a")) }),
    ]
}
