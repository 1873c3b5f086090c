// SPDX-License-Identifier: Apache-2.0

import GrantKit
@_spi(Host) import GrantKitTesting

/// Faults of purposes, and purposes without one.
enum PurposeMutants {
    private static let asks = "it asks for a client that exists, and each time for the same"
    private static let allows = "what the user allows is decided, also if the button is pressed twice"
    private static let writes = "it writes nothing itself: what it changes is in the writes of its answer"
    private static let again = "it decides the same if the server asks it again before the commit"
    private static let storeFails = "if the store fails, nothing is decided, and the user can decide later"

    static let sound: [(name: String, plugin: PluginUnderTest)] = [
        ("a purpose", underTest()),
        (
            "a purpose that an endpoint begins",
            ticket().answering("POST", "/ticket") { plugin in
                try await wait(plugin)
                return TestCall("POST", "/auth/ticket", ["ticket": "t-1"])
            }
        ),
    ]

    /// The purpose under test, with changes and a context.
    private static func underTest(
        _ change: @escaping @Sendable (inout TicketPurpose) -> Void = { _ in }
    ) -> PluginUnderTest {
        ticket(change).asking("ticket") { plugin in
            try await wait(plugin)
            return ["ticket": "t-1"]
        }
    }

    private static func wait(_ plugin: TestPlugin) async throws {
        let host = plugin.host
        let record = StoreRecord(
            StoreKey("ticket", "t-1"), ["state": "waits"], expiresAt: host.clock.now + .seconds(600))
        _ = try await host.records.write([.create(record)])
    }

    private static func ticket(
        _ change: @escaping @Sendable (inout TicketPurpose) -> Void = { _ in }
    ) -> PluginUnderTest {
        EndpointsPlugin.underTest { registry, host in
            var purpose = TicketPurpose(host: host)
            change(&purpose)
            registry.add(purpose: purpose)
            registry.add(collection: StoreCollection("ticket"))
            registry.add(
                endpoint: ClosureEndpoint<UserSession?>(
                    ["GET", "POST"], "/ticket", .browser(),
                    parameters: [ParameterDeclaration("ticket", longest: 64)], host: host
                ) { request, _ in
                    guard request.isSubmitted, let ticket = request.parameters["ticket"] else {
                        return .page(Page("ticket", ["form": true]))
                    }
                    return .interaction("ticket", context: ["ticket": .string(ticket)])
                })
            PageMutants.add(to: &registry)
        }
    }

    static let all: [Mutant] = [
        Mutant(
            "its name has a space", breaks: "its names are words, and none of them is the server's",
            says: "the purpose 'my ticket' is not a word",
            underTest { $0.name = "my ticket" }),
        Mutant(
            "it asks for a client that does not exist", breaks: asks, says: "not registered",
            underTest { $0.client = { _ in Client.test(id: "nobody-44", grants: ["ticket"], scope: ["read"]) } }),
        Mutant(
            "it asks for more when its page is loaded again", breaks: asks, says: "limits that allow more",
            underTest { purpose in
                let tally = Faults.Tally()
                purpose.scope = { tally.next() > 1 ? ["read", "write"] : ["read"] }
            }),
        Mutant(
            "it asks for another client when its page is loaded again", breaks: asks, says: "returned another client",
            underTest { purpose in
                let tally = Faults.Tally()
                purpose.client = { client in tally.next() > 1 ? Client.test(id: "nobody-45") : client }
            }),
        Mutant(
            "it reads an undeclared collection", breaks: asks, says: "add registry.add(collection:)",
            underTest { purpose in
                purpose.before = { host in _ = try await host.store.read(StoreKey("tickets", "a")) }
            }),
        Mutant(
            "it warns with a string that it does not have", breaks: asks, says: "'ticket_alarm'",
            underTest { $0.warning = "ticket_alarm" }),
        Mutant(
            "it refuses what the user allows", breaks: allows, says: "commit what it decides",
            underTest { $0.answer = { _, _ in throw OAuthError(.accessDenied, "never") } }),
        Mutant(
            "its last page does not exist", breaks: allows, says: "shows the page 'tickets'",
            underTest { $0.answer = { answer, _ in PurposeAnswer(Page("tickets"), writes: answer.writes) } }),
        Mutant(
            "its last page has a value of the server", breaks: allows, says: "a value named 'home'",
            underTest {
                $0.answer = { answer, _ in PurposeAnswer(Page("ticket", ["home": "/"]), writes: answer.writes) }
            }),
        Mutant(
            "it writes to an undeclared collection", breaks: allows, says: "add registry.add(collection:)",
            underTest {
                $0.answer = { answer, _ in
                    PurposeAnswer(answer.page, writes: answer.writes + [.delete(StoreKey("tickets", "a"))])
                }
            }),
        Mutant(
            "a denial shows the page of an approval",
            breaks: "what the user denies is not what follows if the user allows", says: "sees the same page",
            underTest { $0.answer = { answer, _ in PurposeAnswer(Page("ticket"), writes: answer.writes) } }),
        Mutant(
            "it writes what the user allows", breaks: writes, says: "return the write in PurposeAnswer.writes",
            underTest {
                $0.answer = { answer, host in
                    _ = try await host.store.write(answer.writes)
                    return PurposeAnswer(answer.page)
                }
            }),
        Mutant(
            "it writes when the page is shown", breaks: writes, says: "it wrote to 'ticket'",
            underTest { purpose in
                purpose.before = { host in
                    let key = StoreKey("ticket", host.random(bytes: 8))
                    _ = try await host.store.write([.create(StoreRecord(key, [:], expiresAt: host.now + .seconds(60)))])
                }
            }),
        Mutant(
            "it remembers that it was asked", breaks: again,
            says: "decides something else",
            underTest { purpose in
                let tally = Faults.Tally()
                purpose.answer = { answer, _ in tally.next() > 1 ? PurposeAnswer(answer.page) : answer }
            }),
        Mutant(
            "it refuses when it is asked again", breaks: again,
            says: "asked again before anything is committed",
            underTest { purpose in
                let tally = Faults.Tally()
                purpose.answer = { answer, _ in
                    if tally.next() > 1 { throw OAuthError(.accessDenied, "decided") }
                    return answer
                }
            }),
        Mutant(
            "another tab can decide too", breaks: "it has one result, whatever other tabs decide",
            says: "throw PurposeSettled", underTest { $0.isSettled = false }),
        Mutant(
            "what it decides is not guarded", breaks: "of many decisions at once, one counts",
            says: "replace what was read",
            underTest {
                $0.answer = { answer, host in
                    let key = StoreKey("ticket", host.random(bytes: 8))
                    let record = StoreRecord(key, [:], expiresAt: host.now + .seconds(60))
                    return PurposeAnswer(answer.page, writes: [.create(record)])
                }
            }),
        Mutant(
            "its last page has a form", breaks: "its last page has no form", says: "leave the form out",
            underTest {
                $0.answer = { answer, _ in
                    var page = answer.page
                    page.values["form"] = true
                    return PurposeAnswer(page, writes: answer.writes)
                }
            }),
        Mutant(
            "it decides about what has expired",
            breaks: "it decides the same whether or not expired records are purged", says: "before a purge",
            underTest { $0.isEnding = false }),
        Mutant(
            "it takes a failure of the store for an empty store", breaks: storeFails,
            says: "let the StoreError through",
            underTest { purpose in
                purpose.before = { host in _ = try? await host.store.read(StoreKey("ticket", "banned")) }
            }),
        Mutant(
            "it hides that the store failed", breaks: storeFails, says: "let the StoreError through",
            underTest { purpose in
                purpose.before = { host in
                    do {
                        _ = try await host.store.read(StoreKey("ticket", "banned"))
                    } catch {
                        throw Faults.OwnError()
                    }
                }
            }),
        Mutant(
            "it never recovers from a cancelled press", breaks: "a cancelled decision can be repeated",
            says: "is refused",
            underTest { purpose in
                let isPoisoned = Kept(false)
                purpose.before = { _ in
                    if Task.isCancelled {
                        isPoisoned.change { $0 = true }
                        throw CancellationError()
                    }
                    if isPoisoned.value { throw OAuthError(.accessDenied, "busy") }
                }
            }),
    ]
}
