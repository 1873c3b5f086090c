// SPDX-License-Identifier: Apache-2.0

import GrantKit
@_spi(Host) import GrantKitTesting
import Synchronization

/// Faults of filters of authorization requests, and filters without one.
enum RequestFilterMutants {
    private static let allows = "it lets the request through that it is meant for"
    private static let narrows = "it narrows the limits, whatever they are"
    private static let keeps = "it weakens no requirement that another filter has set"
    private static let strange = "it refuses strange values with an OAuth error, and does not repeat them"
    private static let repeats = "it decides the same for the same request, however often it is asked"

    // MARK: without a fault

    static let sound: [(name: String, plugin: PluginUnderTest)] = [
        ("a place", ClosureFilter.underTest(decide: here)),
        (
            "narrower limits",
            ClosureFilter.underTest { request, policy, host in
                policy.limits.keep { $0 != "write" }
                policy.limits.end(by: host.now + .seconds(60))
                policy.limits.forbidRefresh()
            }
        ),
        (
            "stricter requirements",
            ClosureFilter.underTest { _, policy, _ in
                policy.prompts.insert(.consent)
                policy.maxAge = min(policy.maxAge ?? .seconds(60), .seconds(60))
                policy.consent.add(ConsentWarning("notice_warning"))
                policy.attachments[ClosureFilter.manifest.id] = ["asked": true]
            }
        ),
        (
            "a record",
            ClosureFilter.underTest { request, policy, host in
                let banned = try await host.store.read(StoreKey("place", "banned"))
                guard banned == nil else { throw OAuthError(.accessDenied, "banned") }
                try await here(request, &policy, host)
            }
        ),
    ]

    private static let here: ClosureFilter.Apply = { request, _, _ in
        guard request.parameters["place"] == "here" else {
            throw OAuthError(.invalidRequest, "'place' must be 'here'")
        }
    }

    // MARK: with one

    static let all: [Mutant] = [
        Mutant(
            "a parameter has a space", breaks: "the parameters that it reads are words",
            says: "'my place' is not a word",
            ClosureFilter.underTest({ $0.parameters.append(ParameterDeclaration("my place")) }, decide: here)),
        Mutant(
            "it refuses every request", breaks: allows, says: "authorizing(\"code\")",
            ClosureFilter.underTest { _, _, _ in throw OAuthError(.accessDenied, "never") }),
        Mutant(
            "it throws an error of its own", breaks: allows, says: "throw an OAuthError",
            ClosureFilter.underTest { _, _, _ in throw Faults.OwnError() }),
        Mutant(
            "it reads a parameter by another name", breaks: allows, says: "reads the parameter 'palce'",
            ClosureFilter.underTest { request, _, _ in _ = request.parameters["palce"] }),
        Mutant(
            "it warns with a string that it does not have", breaks: allows, says: "the string 'notice_unknown'",
            ClosureFilter.underTest { _, policy, _ in policy.consent.add(ConsentWarning("notice_unknown")) }),
        Mutant(
            "it replaces the limits", breaks: narrows, says: "allows more than it was given",
            ClosureFilter.underTest { _, policy, _ in policy.limits = AccessLimits(scope: ["read"]) }),
        Mutant(
            "it sets the end anew", breaks: narrows, says: "allows more than it was given",
            ClosureFilter.underTest { _, policy, host in
                let limits = policy.limits
                policy.limits = AccessLimits(
                    scope: limits.scope, audience: limits.audience, notAfter: host.now + .seconds(60),
                    mayRefresh: limits.mayRefresh)
            }),
        Mutant(
            "it forgets what the user must be asked", breaks: keeps, says: "has set 'prompts'",
            ClosureFilter.underTest { _, policy, _ in policy.prompts = [.consent] }),
        Mutant(
            "it sets a longer age", breaks: keeps, says: "has set 'maxAge'",
            ClosureFilter.underTest { _, policy, _ in policy.maxAge = .seconds(3600) }),
        Mutant(
            "it requires another class instead", breaks: keeps, says: "has set 'essentialACR'",
            ClosureFilter.underTest { _, policy, _ in policy.essentialACR = ["urn:example:weak"] }),
        Mutant(
            "it asks for another user", breaks: keeps, says: "has set 'subject'",
            ClosureFilter.underTest { _, policy, _ in policy.subject = .user("bob") }),
        Mutant(
            "it removes what others attach", breaks: keeps, says: "has set 'attachments'",
            ClosureFilter.underTest { _, policy, _ in policy.attachments = [:] }),
        Mutant(
            "it removes the consent terms of others", breaks: keeps, says: "removes consent terms",
            ClosureFilter.underTest { _, policy, _ in policy.consent = ConsentTerms() }),
        Mutant(
            "it attaches under another id", breaks: "what it attaches to a request is under the id of its plugin",
            says: "use 'closure-filter'",
            ClosureFilter.underTest { _, policy, _ in policy.attachments["openid"] = ["nonce": "own"] }),
        Mutant(
            "strange values make it throw an error of its own", breaks: strange, says: "throw an OAuthError",
            ClosureFilter.underTest { request, _, _ in
                guard request.parameters["place"] == "here" else { throw Faults.OwnError() }
            }),
        Mutant(
            "it repeats what was sent", breaks: strange, says: "repeats what was sent",
            ClosureFilter.underTest { request, _, _ in
                let place = request.parameters["place"] ?? ""
                guard place == "here" else { throw OAuthError(.invalidRequest, "\(place) is not 'here'") }
            }),
        Mutant(
            "it cannot read every address", breaks: strange, says: "strange headers and a strange address",
            ClosureFilter.underTest { request, _, _ in
                let isNumeric = request.head.address.utf8.allSatisfy { 0x30...0x39 ~= $0 || $0 == 0x2E }
                guard isNumeric else { throw Faults.OwnError() }
            }),
        Mutant("it counts requests", breaks: repeats, says: "it must not count requests", counting),
        Mutant(
            "it attaches something random", breaks: repeats, says: "it must not count requests",
            ClosureFilter.underTest { _, policy, host in
                policy.attachments[ClosureFilter.manifest.id] = ["id": .string(host.random(bytes: 8))]
            }),
        Mutant(
            "it writes to the store", breaks: "it only reads the store, since it runs before anyone signs in",
            says: "decide without a write",
            ClosureFilter.underTest { _, _, host in
                let key = StoreKey("place", host.random(bytes: 8))
                _ = try await host.store.write([.create(StoreRecord(key, [:], expiresAt: host.now + .seconds(60)))])
            }),
        Mutant(
            "it takes a failure of the store for an empty store",
            breaks: "if the store fails, it lets nothing through, and works again later",
            says: "let the StoreError through",
            ClosureFilter.underTest { _, _, host in
                let banned = try? await host.store.read(StoreKey("place", "banned"))
                guard banned == nil else { throw OAuthError(.accessDenied, "banned") }
            }),
    ]

    /// A filter that lets ten requests through.
    private static var counting: PluginUnderTest {
        PluginUnderTest(ClosureFilter.manifest) { _, host in
            let count = Counter()
            return ClosureFilter(host: host) { _, _, _ in
                guard count.next() <= 10 else { throw OAuthError(.accessDenied, "too many requests") }
            }
        }
    }

    private final class Counter: Sendable {
        private let value = Mutex(0)

        func next() -> Int {
            value.withLock { value in
                value += 1
                return value
            }
        }
    }
}
