// SPDX-License-Identifier: Apache-2.0

import GrantKit
@_spi(Host) import GrantKitTesting

/// Faults of handlers of jobs, and handlers without one.
enum JobMutants {
    private static let networkFails = "if another server fails, the job is tried again later"

    /// A plugin with the handler `chore`, whose jobs name where they go, and with servers that respond.
    private static func job(
        _ make: @escaping @Sendable (any PluginHost) -> ClosureJob.Work
    ) -> PluginUnderTest {
        ClosurePlugin.underTest { plugin, _, host in
            let job = ClosureJob(work: make(host))
            plugin.add = { registry in
                registry.add(collection: ClosurePlugin.collection)
                registry.add(job: job)
            }
        }
        .on { $0.network.respond { _ in OutboundReply(status: 200) } }
        .queuing("chore") { _ in ["to": "a"] }
    }

    private static func send(_ payload: JSON, _ host: any PluginHost) async throws {
        guard payload["to"]?.string != nil else { throw JobAbandoned("it names no receiver") }
        let reply = try await host.outbound.send(OutboundRequest("POST", "https://receiver.example"))
        guard reply.status == 200 else { throw OutboundError("the status is \(reply.status)") }
    }

    private static func sentOnce(_ host: any PluginHost) -> StoreRecord {
        StoreRecord(ClosurePlugin.collection.key("sent"), [:], expiresAt: host.now + .seconds(60))
    }

    // MARK: without a fault

    static let sound: [(name: String, plugin: PluginUnderTest)] = [
        ("sends", job { host in { try await send($0, host) } }),
        (
            "sends once",
            job { host in
                { payload in
                    let record = sentOnce(host)
                    guard try await host.store.read(record.key) == nil else { return }
                    try await send(payload, host)
                    _ = try await host.store.write([.create(record)])
                }
            }
        ),
        (
            "with a job that is not known",
            ClosurePlugin.underTest { plugin, _, _ in
                plugin.add = { $0.add(job: ClosureJob { _ in }) }
            }
        ),
    ]

    // MARK: with one

    static let all: [Mutant] = [
        Mutant(
            "it never does its job", breaks: "it does the job that it is meant for",
            says: "its job is tried again later",
            job { _ in { _ in throw Faults.OwnError() } }),
        Mutant(
            "it fails if it was done before",
            breaks: "a job that was done before is done again or abandoned, also years later",
            says: "fails when it runs again at once",
            job { host in
                { _ in
                    guard try await host.store.write([.create(sentOnce(host))]) == .committed else {
                        throw Faults.OwnError()
                    }
                }
            }),
        Mutant(
            "it fails for ever if a member is missing",
            breaks: "a job that it cannot read is done or abandoned, and not tried again and again",
            says: "throw JobAbandoned",
            job { _ in { payload in guard payload["to"]?.string != nil else { throw Faults.OwnError() } } }),
        Mutant(
            "it takes no response for a good one", breaks: networkFails, says: "another server does not respond",
            job { host in
                { _ in _ = try? await host.outbound.send(OutboundRequest("POST", "https://receiver.example")) }
            }),
        Mutant(
            "it takes every response for a good one", breaks: networkFails, says: "responds with status 503",
            job { host in { _ in _ = try await host.outbound.send(OutboundRequest("POST", "https://receiver.example")) }
            }),
        Mutant(
            "it gives up if another server does not respond", breaks: networkFails, says: "its job is abandoned",
            job { host in
                { payload in
                    do { try await send(payload, host) } catch { throw JobAbandoned("\(error)") }
                }
            }),
        Mutant(
            "it takes a failure of the store for an empty store",
            breaks: "if the store fails, the job is tried again later", says: "let the error through",
            job { host in { _ in _ = try? await host.store.read(ClosurePlugin.collection.key("a")) } }),
        Mutant(
            "two at once break it", breaks: "of a hundred jobs at once, all are done in the end",
            says: "after a hundred at once", fragile),
        Mutant(
            "it never recovers from a cancelled attempt", breaks: "after a cancelled attempt, the job is done",
            says: "after an attempt that was cancelled", poisoned),
    ]

    private static var fragile: PluginUnderTest {
        job { _ in
            let (running, isBroken) = (Kept(0), Kept(false))
            return { _ in
                running.change { $0 += 1 }
                if running.value > 1 { isBroken.change { $0 = true } }
                await Race.meet()
                running.change { $0 -= 1 }
                if isBroken.value { throw Faults.OwnError() }
            }
        }
    }

    private static var poisoned: PluginUnderTest {
        job { _ in
            let isPoisoned = Kept(false)
            return { _ in
                if Task.isCancelled { isPoisoned.change { $0 = true } }
                if isPoisoned.value { throw Faults.OwnError() }
            }
        }
    }
}
