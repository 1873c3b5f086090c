// SPDX-License-Identifier: Apache-2.0

import AuthorizationServer
import GrantKit
import Support
import Testing

@Suite("A plugin from outside cannot hold up the server", .timeLimit(.minutes(10)))
struct OutsidePluginTests {
    /// Deadlines that no test reaches.
    private static var long: PluginDeadlines {
        var deadlines = PluginDeadlines()
        (deadlines.call, deadlines.start) = (.seconds(3600), .seconds(3600))
        (deadlines.held, deadlines.slowStart) = (.seconds(3600), .seconds(3600))
        return deadlines
    }

    /// A deadline that a test waits for.
    private static var short: PluginDeadlines {
        var deadlines = long
        deadlines.call = .milliseconds(200)
        return deadlines
    }

    /// Deadlines that no test reaches, with an early mention of a held thread.
    private static var reported: PluginDeadlines {
        var deadlines = long
        deadlines.held = .milliseconds(100)
        return deadlines
    }

    /// Deadlines that no test reaches, with an early mention of a slow start.
    private static var slow: PluginDeadlines {
        var deadlines = long
        deadlines.slowStart = .milliseconds(50)
        return deadlines
    }

    private func ask(_ server: TestServer, _ what: String) async -> Answer {
        await server.post("/auth/token", [("grant_type", "hanging"), ("client_id", "c"), ("do", what)])
    }

    /// Asks until a call has come to the gate and missed its deadline there, since a busy machine may be late itself.
    private func miss(_ server: TestServer, _ what: String, _ gate: HangingGate) async throws -> Answer {
        var answer = await ask(server, what)
        let isHeld = try await Patience.wait {
            if gate.entered == 0 { answer = await ask(server, what) }
            return gate.entered > 0
        }
        #expect(isHeld)
        return answer
    }

    private func health(_ server: TestServer) async -> Int {
        await HealthEndpoint(server.core).respond(
            to: RequestHead(
                method: "GET", path: "/health/ready", query: nil, headers: [], address: "192.0.2.1", id: "health")
        ).status
    }

    /// Whether the log has a line with all of these words.
    private func isLogged(_ log: RecordedLog, _ words: String...) -> Bool {
        log.lines.contains { line in words.allSatisfy { line.contains($0) } }
    }

    // MARK: threads

    @Test("its calls run on its own threads, with the values of the task, and the request continues elsewhere")
    func threads() async throws {
        let gate = HangingGate.named("threads")
        let server = try await HangingPlugin.server("threads", Self.long)
        let answer = await HangingPlugin.$local.withValue("that of the test") { await ask(server, "nothing") }
        #expect(answer.status == 200, "\(answer.json)")
        #expect(gate.notes.contains("authorize on plugin hanging"), "\(gate.notes)")
        #expect(gate.notes.contains("authorize after the store on plugin hanging"), "\(gate.notes)")
        #expect(gate.notes.contains("the local value is that of the test"), "\(gate.notes)")
        let narrow = gate.notes.filter { $0.hasPrefix("narrow on ") }
        #expect(!narrow.isEmpty && !narrow.contains("narrow on plugin hanging"), "\(gate.notes)")
    }

    @Test("while its calls block, compute or wait, other requests are answered", arguments: ["block", "spin", "wait"])
    func others(_ what: String) async throws {
        let gate = HangingGate.named("others \(what)")
        let server = try await HangingPlugin.server("others \(what)", Self.long)
        // A thread that computes takes a processor, of which a machine may have only two.
        let count = what == "spin" ? 1 : 4
        await withTaskGroup(of: Int.self) { group in
            for _ in 0..<count { group.addTask { await ask(server, what).status } }
            let isHeld = try? await Patience.wait { gate.inside == count }
            #expect(isHeld == true)
            for _ in 0..<20 {
                #expect(await server.token().status == 200)
                #expect(await health(server) == 200)
            }
            #expect(gate.inside == count)
            gate.open()
            for await status in group { #expect(status == 200) }
        }
    }

    // MARK: deadlines

    @Test(
        "at its deadline a call is refused, and the log names plugin, call and request", arguments: ["block", "wait"])
    func deadline(_ what: String) async throws {
        let (gate, log) = (HangingGate.named("deadline \(what)"), RecordedLog())
        let server = try await HangingPlugin.server("deadline \(what)", Self.short, log: log)
        let answer = try await miss(server, what, gate)
        #expect(answer.status == 503 && answer.error == "temporarily_unavailable", "\(answer.json)")
        #expect(
            isLogged(
                log, "error a plugin did not answer in time", "plugin=hanging", "call=authorize", "request=request-1"))
        #expect(isLogged(log, "and holds a thread") == (what == "block"))
        let said = "the plugin 'hanging' did not answer 'authorize' within 0.2 seconds"
        #expect(isLogged(server.log, "failed", " plugin=hanging", said))
        gate.open()
        #expect(try await Patience.wait { isLogged(log, "answered after its deadline", "plugin=hanging") })
        if what == "block" { #expect(try await Patience.wait { isLogged(log, "has released its thread") }) }
    }

    @Test("an answer after the deadline is dropped, and a write after it is refused")
    func late() async throws {
        let (gate, log) = (HangingGate.named("late"), RecordedLog())
        let server = try await HangingPlugin.server("late", Self.short, log: log)
        #expect(try await miss(server, "write", gate).status == 503)
        gate.open()
        #expect(try await Patience.wait { isLogged(log, "answered after its deadline") })
        let refused = gate.notes.first { $0.hasPrefix("not written: ") } ?? ""
        #expect(refused.contains("the plugin 'hanging' tried to write in 'authorize' after its"), "\(gate.notes)")
        #expect(isLogged(log, "error a plugin tried to write after its deadline", "plugin=hanging"))
        for id in ["late", "answer"] { #expect(try await server.core.store.read(StoreKey("hanging", id)) == nil) }
    }

    @Test("a HEAD request has no effects, not even after its deadline")
    func head() async throws {
        let gate = HangingGate.named("head")
        let server = try await HangingPlugin.server("head", Self.short)
        #expect(
            try await Patience.wait {
                let status = await server.send("HEAD", "/auth/hanging").status
                return status == 503 && gate.inside > 0
            })
        gate.open()
        #expect(try await Patience.wait { gate.notes.contains { $0.hasPrefix("not written: ") } })
        for id in ["first", "second"] { #expect(try await server.core.store.read(StoreKey("hanging", id)) == nil) }
    }

    @Test("threads that are held beyond the deadline are replaced, so the plugin is called again")
    func recovery() async throws {
        let gate = HangingGate.named("recovery")
        let server = try await HangingPlugin.server("recovery", Self.short)
        let areHeld = try await Patience.wait {
            if gate.inside < 4 { _ = await ask(server, "block") }
            return gate.inside == 4
        }
        #expect(areHeld)
        // On a busy machine a call may miss the short deadline.
        #expect(try await Patience.wait { await ask(server, "nothing").status == 200 })
        #expect(gate.inside == 4)
        gate.open()
        #expect(try await Patience.wait { gate.inside == 0 })
        #expect(try await Patience.wait { gate.notes.contains("authorize on plugin hanging") })
    }

    @Test("when every thread and every replacement is held, calls are refused at once, until a thread is free again")
    func allHeld() async throws {
        let (gate, log) = (HangingGate.named("all held"), RecordedLog())
        let server = try await HangingPlugin.server("all held", Self.short, log: log)
        #expect(
            try await Patience.wait {
                if gate.inside < 16 { _ = await ask(server, "block") }
                return gate.inside == 16
            })
        let isFull = try await Patience.wait {
            _ = await ask(server, "block")
            return isLogged(server.log, "too many of its calls wait or have not returned")
        }
        #expect(isFull && gate.inside == 16)
        #expect(await server.token().status == 200)
        gate.open()
        #expect(try await Patience.wait { await ask(server, "nothing").status != 503 })
    }

    @Test("of two hundred calls on held threads, those that would wait for long are refused")
    func many() async throws {
        let gate = HangingGate.named("many")
        let server = try await HangingPlugin.server("many", Self.long)
        var tasks: [Task<Int, Never>] = []
        let add: () -> Task<Int, Never> = {
            Task {
                let status = await ask(server, "block").status
                if status == 503 { gate.note("refused") }
                return status
            }
        }
        for _ in 0..<70 { tasks.append(add()) }
        // The queue is full, and it takes a moment until that is not a burst of short calls.
        let isFull = try await Patience.wait {
            tasks.append(add())
            return !gate.notes.isEmpty
        }
        #expect(isFull)
        let waiting = tasks.count
        while tasks.count < max(200, waiting + 50) { tasks.append(add()) }
        #expect(try await Patience.wait { gate.notes.count >= tasks.count - waiting })
        #expect(await server.token().status == 200)
        gate.open()
        var statuses: [Int] = []
        for task in tasks { statuses.append(await task.value) }
        #expect(Set(statuses) == [200, 503] && gate.most <= 4)
    }

    @Test("a burst of a thousand short calls is answered")
    func burst() async throws {
        let server = try await HangingPlugin.server("burst", Self.long)
        let statuses = await withTaskGroup(of: Int.self) { group in
            for _ in 0..<1000 { group.addTask { await ask(server, "nothing").status } }
            return await group.reduce(into: Set<Int>()) { $0.insert($1) }
        }
        #expect(statuses == [200])
    }

    @Test("a call that holds a thread for long is named in the log before its deadline, and again when it ends")
    func held() async throws {
        let (gate, log) = (HangingGate.named("held"), RecordedLog())
        let server = try await HangingPlugin.server("held", Self.reported, log: log)
        async let answer = ask(server, "spin")
        let named = ["plugin=hanging", "call=authorize", "request=request-1"]
        #expect(
            try await Patience.wait { isLogged(log, "warning a plugin holds a thread", named[0], named[1], named[2]) })
        gate.open()
        let status = await answer.status
        #expect(status == 200)
        #expect(try await Patience.wait { isLogged(log, "a plugin has released its thread", named[0], named[2]) })
    }

    @Test("when the caller is cancelled, so is the call")
    func cancelled() async throws {
        let server = try await HangingPlugin.server("cancelled", Self.long)
        let task = Task { await ask(server, "cancel") }
        task.cancel()
        #expect(await task.value.error == "server_error")
    }

    // MARK: start

    @Test("a start that takes long is named in the log, and succeeds")
    func slowStart() async throws {
        let (gate, log) = (HangingGate.named("slow start"), RecordedLog())
        async let starting = HangingPlugin.server("slow start", Self.slow, atStart: "block", log: log)
        #expect(
            try await Patience.wait { isLogged(log, "a plugin has not answered yet", "plugin=hanging", "call=start") })
        gate.open()
        let server = try await starting
        #expect(await ask(server, "nothing").status == 200)
    }

    @Test("a start that hangs is refused with the plugin's id")
    func hangingStart() async throws {
        let gate = HangingGate.named("hanging start")
        var deadlines = Self.long
        deadlines.start = .milliseconds(200)
        defer { gate.open() }
        do {
            _ = try await HangingPlugin.server("hanging start", deadlines, atStart: "block")
            Issue.record("the server started")
        } catch let error as PluginUnavailable {
            #expect(error.description.contains("the plugin 'hanging' did not answer 'start' within 0.2 seconds"))
        }
    }

    // MARK: stop

    /// Installs a generation, and so releases the former one, in a task that has a value of its own.
    private func install(_ next: Generation, in server: TestServer) {
        HangingPlugin.$local.withValue("that of the releasing task") { server.core.install(next) }
    }

    @Test("a plugin stops outside of the task that releases it, which may be a call whose deadline has passed")
    func stopsOutside() async throws {
        let gate = HangingGate.named("stops outside")
        let server = try await TestServer(
            Plugins.all + [PluginSetup(StopNoting.self, ["gate": "stops outside"])], clients: [TestServer.service])
        let next = try await server.generation(Plugins.all, clients: [TestServer.service])
        install(next, in: server)
        #expect(try await Patience.wait { !gate.notes.isEmpty })
        #expect(gate.notes == ["stopped with nothing"])
    }
}

/// A plugin that notes with which task-local value it is stopped.
private struct StopNoting: Plugin {
    static let manifest = PluginManifest(id: "stop-noting", summary: "", specification: "")
    private let gate: HangingGate

    init(settings: Settings, host: any PluginHost) throws {
        gate = HangingGate.named(settings.read("gate", default: "", "the gate"))
    }

    func register(in registry: inout Registry) {}

    func stop() async { gate.note("stopped with \(HangingPlugin.local)") }
}
