// SPDX-License-Identifier: Apache-2.0

import Foundation
import GrantKit
import GrantKitTesting
import PluginProcesses
import Support
import Synchronization
import Testing

@Suite("The processes of plugins", .serialized, .timeLimit(.minutes(20)))
struct PluginProcessTests {
    @Test("a process that fails to start again several times works again once it can start")
    func recovers() async throws {
        let file = "/tmp/grantor-refused-\(UUID().uuidString)"
        defer { try? FileManager.default.removeItem(atPath: file) }
        try await FaultyProgram.with(refusedBy: file) { program async throws in
            try "".write(toFile: file, atomically: true, encoding: .utf8)
            #expect(await program.report("abort").contains("ended by signal 6"))
            #expect(try await program.restarts("it ended with status 4"))
            try FileManager.default.removeItem(atPath: file)
            #expect(try await program.recovers())
        }
    }

    @Test("a program that may not be started any more is not started")
    func admits() async throws {
        let admission = Admission()
        try await FaultyProgram.with(admission: admission) { program async throws in
            admission.refuse("it has been replaced")
            #expect(await program.report("abort").contains("ended by signal 6"))
            #expect(try await program.restarts("it has been replaced"))
            #expect(await program.report("nothing").contains("is being started again"))
            admission.refuse(nil)
            #expect(try await program.recovers())
        }
    }

    // MARK: host calls

    @Test(
        "a process that makes host calls without reading the replies is ended",
        arguments: [
            ("many", "more than 64 host calls without waiting"), ("unread", "it "),
            ("own_many", "more than 64 host calls outside of any call"),
            ("heavy", "host calls of more than 4194304 bytes"),
            ("unread_late", "65 host calls for calls that have ended"),
        ])
    func endsFlood(_ fault: String, _ why: String) async throws {
        try await FaultyProgram.with { program async throws in
            program.host.network.respond { _ in
                try await Task.sleep(for: .seconds(600))
                throw CancellationError()
            }
            _ = await program.report(fault)
            #expect(try await program.restarts(why), "\(program.log.lines)")
            #expect(try await program.recovers())
        }
    }

    @Test("a host call that takes too long ends with its call, and the process keeps running")
    func endsHostCall() async throws {
        try await FaultyProgram.with(limits: .ofTests { $0.call = .seconds(1) }) { program async throws in
            program.host.network.respond { _ in
                try await Task.sleep(for: .seconds(600))
                throw CancellationError()
            }
            let began = ContinuousClock.now
            #expect(await program.report("slow_host").contains("did not answer 'authorize' within 1.0 seconds"))
            #expect(ContinuousClock.now - began < .seconds(60))
            #expect(try await program.recovers())
            #expect(!program.log.lines.contains { $0.contains("is started again") }, "\(program.log.lines)")
        }
    }

    @Test("a process makes host calls outside of any call, with no more authority than for a call")
    func ownHostCalls() async throws {
        try await FaultyProgram.with { program async throws in
            let report = await program.report("own")
            #expect(report.contains("[{}, [") && report.contains(#""value": {"n": 1}"#), "\(report)")
            #expect(await program.report("own_undeclared").contains("does not declare the host call 'users.find'"))
            #expect(await program.report("own_foreign").contains("session"))
            #expect(await program.report("later") == "an answer")
            let key = StoreKey("own", "later")
            #expect(try await Patience.wait { try await program.host.store.read([key]).first != .some(nil) })
            #expect(await program.report("nothing") == "an answer")
            #expect(!program.log.lines.contains { $0.contains("is started again") }, "\(program.log.lines)")
        }
    }

    @Test("a host call outside of any call that takes long holds up no other, and ends with the process")
    func slowOwnHostCall() async throws {
        let ended = Mutex(false)
        try await FaultyProgram.with { program async throws in
            program.host.network.respond { _ in
                defer { ended.withLock { $0 = true } }
                try await Task.sleep(for: .seconds(600))
                throw CancellationError()
            }
            #expect(await program.report("own_slow").contains(#""output": []"#))
            #expect(!ended.withLock { $0 })
            #expect(await program.report("abort").contains("ended by signal 6"))
            #expect(try await Patience.wait { ended.withLock { $0 } })
            #expect(try await program.recovers())
        }
    }

    @Test("a process that hangs is replaced, even while it waits for a host call outside of any call")
    func hangsWithOwnHostCall() async throws {
        try await FaultyProgram.with(limits: .ofTests { $0.call = .seconds(1) }) { program async throws in
            program.host.network.respond { _ in
                try await Task.sleep(for: .seconds(600))
                throw CancellationError()
            }
            // Its host call came after this call had begun, so only the next one shows that it is silent.
            for what in ["own_hang", "nothing"] {
                #expect(await program.report(what).contains("did not answer 'authorize' within 1.0 seconds"))
            }
            #expect(try await program.restarts("and nothing else came from it"), "\(program.log.lines)")
            #expect(try await program.recovers())
        }
    }

    @Test("a process does not end because many of its calls are cancelled at once")
    func cancelledCalls() async throws {
        try await FaultyProgram.with(limits: .ofTests { $0.call = .seconds(30) }) { program async throws in
            await withTaskGroup(of: String.self) { group in
                group.addTask { await program.report("nap") }
                for _ in 0..<100 { group.addTask { await program.report("nothing") } }
                try? await Task.sleep(for: .milliseconds(100))
                group.cancelAll()
            }
            #expect(try await program.recovers())
            #expect(!program.log.lines.contains { $0.contains("is started again") }, "\(program.log.lines)")
        }
    }

    @Test("host calls are refused until the process has described itself")
    func early() async throws {
        try await FaultyProgram.with(refusedBy: "early") { program async throws in
            let said = "before the start: host calls are possible from 'start' on"
            #expect(try await Patience.wait { program.host.log.lines.contains { "\($0)".contains(said) } })
            #expect(try await program.recovers())
        }
    }

    @Test("an answer may be larger than a host call")
    func sizes() async throws {
        try await FaultyProgram.with { program async throws in
            #expect(await program.report("large_answer") == "an answer")
            for (fault, why) in [
                ("large_ask", "a host call of 1572919 bytes; a host call has at most 1048576"),
                ("huge_answer", "bytes; a frame has 1 to 2097152 bytes"),
            ] {
                _ = await program.report(fault)
                #expect(try await program.restarts(why), "\(program.log.lines)")
                #expect(try await program.recovers())
            }
        }
    }

    @Test(
        "an answer whose text is not Unicode ends the process, and no other call notices",
        arguments: ["surrogate", "swapped", "encoded_surrogate", "overlong", "control"])
    func notUnicode(_ fault: String) async throws {
        try await FaultyProgram.with { program async throws in
            #expect(await program.report(fault).contains("it sent a frame that is not JSON"))
            #expect(try await program.recovers())
        }
    }

    @Test("a long report is shortened")
    func shortens() async throws {
        try await FaultyProgram.with { program async throws in
            let report = await program.report("long_report")
            #expect(report.contains("xxx") && report.utf8.count < 3000)
        }
    }

    // MARK: the system

    @Test("a process that closes its output costs nothing while it waits")
    func closesOutput() async throws {
        try await FaultyProgram.with { program async throws in
            try await program.ask("close_output")
            let before = Used.time
            try await Task.sleep(for: .seconds(2))
            #expect(Used.time - before < 50)
        }
    }

    @Test("the system refuses what would reach beyond the process")
    func confines() async throws {
        try await FaultyProgram.with { program async throws in
            #expect(await program.report("escape").hasSuffix("allowed: []"))
        }
    }

    @Test("calls are spread over several processes")
    func spreads() async throws {
        try await FaultyProgram.with(limits: .ofTests { $0.instances = 3 }) { program async throws in
            var found: Set<String> = []
            for _ in 0..<6 { found.insert(await program.report("who")) }
            #expect(found.count == 3 && found.allSatisfy { $0.contains("pid") }, "\(found)")
        }
    }

    @Test("a process gets the user and the group of the configuration", .enabled(if: geteuid() == 0))
    func switchesUser() async throws {
        let user = ProcessUser(user: 65534, group: 65533)
        try await FaultyProgram.with(limits: .ofTests { $0.user = user }) { program async throws in
            let report = await program.report("who")
            #expect(report.hasSuffix("user 65534 65533 []"), "\(report)")
            #expect(await program.report("escape").hasSuffix("allowed: []"))
        }
    }

    @Test("restarts under load leak no descriptor, thread, process or memory")
    func leaks() async throws {
        let rounds = ProcessInfo.processInfo.environment["GRANTOR_RESTARTS"].flatMap(Int.init) ?? 50
        let before = (descriptors: Used.descriptors, processes: Used.processes)
        try await FaultyProgram.with { program async throws in
            // The first restarts load what is used ever after.
            var memory = 0
            for round in 0..<rounds {
                if round == rounds / 5 { memory = Used.memory }
                await withTaskGroup { group in
                    for call in 0..<4 {
                        group.addTask { _ = await program.report(call == round % 4 ? "exit" : "nothing") }
                    }
                }
                #expect(try await program.recovers())
            }
            #expect(Used.memory - memory < 32 << 20)
            #expect(Used.threads.count == 1)
            let reasons = program.log.lines.filter { $0.contains("is started again") }
            #expect(reasons.count == rounds && reasons.allSatisfy { $0.contains("it ended with status 3") })
        }
        #expect(try await Patience.wait { Used.threads.isEmpty })
        #expect(try await Patience.wait { Used.processes <= before.processes })
        #expect(try await Patience.wait { Used.descriptors <= before.descriptors })
    }
}
