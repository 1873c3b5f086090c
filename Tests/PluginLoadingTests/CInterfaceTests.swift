// SPDX-License-Identifier: Apache-2.0

import Cryptography
import Foundation
import GrantKit
import PluginProcesses
import Support
import Testing

@testable import PluginLoading

@Suite("A library with the C interface is checked like one in Swift", .timeLimit(.minutes(10)))
struct CInterfaceLoadingTests {
    private func refusal(_ definitions: String..., pinned: String? = nil) throws -> String {
        try Workshop.with { workshop in
            switch definitions.count {
            case 0: try FaultyLibrary.compile(in: workshop)
            case 1: try FaultyLibrary.compile(in: workshop, definitions[0])
            default: try FaultyLibrary.compile(in: workshop, definitions[0], definitions[1])
            }
            do {
                _ = try FaultyLibrary.load(in: workshop, pinned: pinned)
                return "none"
            } catch {
                return "\(error)"
            }
        }
    }

    @Test("a library for another version of the interface runs no code, and the error says what each side has")
    func version() throws {
        let newer = try refusal("VERSION=2", "TRAPS")
        #expect(newer.contains("was built for version 2 of the C interface, but this server has version 1"))
        #expect(newer.contains("update the server"))
        #expect(try refusal("VERSION=0", "TRAPS").contains("use a newer build of the plugin"))
    }

    @Test("an unknown block, another digest and a missing function are refused")
    func refused() throws {
        #expect(try refusal("MAGIC=\"GRANTX\"", "TRAPS").contains("section 'grantor_c' has an unknown format"))
        #expect(try refusal("TRAPS", pinned: String(repeating: "0", count: 64)).contains("the configuration pins"))
        #expect(try refusal("NO_RELEASE").contains("has no function 'grantor_release'"))
        #expect(try refusal() == "none")
    }

    @Test("the lock has the version of the interface, and a library in a folder is found")
    func lock() throws {
        try Workshop.with { workshop in
            try FaultyLibrary.compile(in: workshop)
            let path = "\(workshop.folder)/libfaults.so"
            #expect(PluginSearch([workshop.folder]).candidates == ["faults"])
            let digest = try PluginLibrary.digest(of: path, sha256: Digest.sha256)
            let entry = PluginLock.Entry(id: "faults", version: "0.0.0", kit: "c 1", sha256: digest)
            #expect(try FaultyLibrary.load(in: workshop, locked: entry).kit == "c 1")
            let other = PluginLock.Entry(id: "faults", version: "0.0.0", kit: "0.2", sha256: digest)
            #expect(throws: LockDifferences.self) { try FaultyLibrary.load(in: workshop, locked: other) }
            #expect(throws: LockDifferences.self) {
                try LockDifferences.check(path, other, pinned: nil, Digest.sha256)
            }
        }
    }

    @Test("a truncated library is refused at every length")
    func truncated() throws {
        try Workshop.with { workshop in
            try FaultyLibrary.compile(in: workshop, "TRAPS")
            let whole = try Data(contentsOf: URL(fileURLWithPath: "\(workshop.folder)/libfaults.so"))
            for count in stride(from: 0, to: whole.count, by: 97) {
                try whole.prefix(count).write(to: URL(fileURLWithPath: "\(workshop.folder)/libfaults.so"))
                #expect(throws: PluginLoadingError.self) { try FaultyLibrary.load(in: workshop) }
            }
        }
    }

    @Test("a description that is not valid is refused, and the next one works")
    func description() throws {
        try Workshop.with { workshop in
            try FaultyLibrary.compile(in: workshop)
            let library = try FaultyLibrary.load(in: workshop)
            let (_, form) = try CPlugin.describe("faults", library.functions, ["settings": ["describe_badly": true]])
            #expect(throws: PluginStartError.self) { try PluginDescription(form: form, of: "faults") }
            let (_, good) = try CPlugin.describe("faults", library.functions, [:])
            #expect(try PluginDescription(form: good, of: "faults").hostCalls == ["digest", "store.write"])
        }
    }
}

@Suite("Calls of a library with the C interface", .serialized, .timeLimit(.minutes(20)))
struct CInterfaceCallTests {
    @Test("an answer during the call, later on another thread, and a host call on any thread")
    func works() async throws {
        try await FaultyLibrary.with { library async throws in
            for what in ["nothing", "later", "ask", "ask_elsewhere", "ask_blindly", "ask_late"] {
                #expect(await library.report(what) == "an answer", "\(what)")
            }
        }
    }

    @Test("a second answer, and one to a call that was never made, are dropped")
    func twice() async throws {
        try await FaultyLibrary.with { library async throws in
            for what in ["twice", "stranger", "nothing"] {
                #expect(await library.report(what) == "an answer", "\(what)")
            }
        }
    }

    @Test(
        "an answer that is not what it should be fails its call alone",
        arguments: [
            ("not_json", "is not JSON"), ("not_object", "is not a JSON object"), ("not_utf8", "is not JSON"),
            ("malformed", "the output of 'authorize' is malformed"), ("empty", "it sent 0 bytes"),
            ("null", "it sent 10 bytes"), ("endless", "it sent -1 bytes"), ("large", "it sent 4194304 bytes"),
            ("deep", "is not JSON"), ("surrogate", "is not JSON"), ("overlong", "is not JSON"),
        ])
    func malformed(_ fault: String, _ why: String) async throws {
        try await FaultyLibrary.with { library async throws in
            async let other = library.report("later")
            let report = await library.report(fault)
            #expect(report.contains(why), "\(report)")
            #expect(await other == "an answer")
            #expect(await library.report("nothing") == "an answer")
        }
    }

    @Test(
        "a host call that is not allowed or malformed is refused, and its call decides",
        arguments: [
            ("ask_undeclared", "does not declare the host call 'users.find'"),
            ("ask_stranger", "the call that it belongs to has ended"), ("ask_malformed", "it is not a host call"),
            ("ask_null", "it is not a host call"),
        ])
    func refused(_ fault: String, _ why: String) async throws {
        try await FaultyLibrary.with { library async throws in
            let report = await library.report(fault)
            #expect(report.contains("'refused'") && report.contains(why), "\(report)")
        }
    }

    @Test(
        "a call that is answered too late or never ends at its deadline", arguments: ["hang", "late_answer", "never"])
    func late(_ fault: String) async throws {
        try await FaultyLibrary.with(deadline: .seconds(2)) { library async throws in
            async let held = library.report(fault)
            #expect(await library.report("nothing") == "an answer")
            #expect(await held.contains("did not answer 'authorize' within 2.0 seconds"))
            guard fault != "never" else { return }
            let line = "answered after its deadline, and the answer was dropped"
            #expect(try await Patience.wait { library.log.lines.contains { $0.contains(line) } })
            #expect(await library.report("nothing") == "an answer")
        }
    }

    @Test("five hundred calls at once, with host calls that hold their threads")
    func atOnce() async throws {
        try await FaultyLibrary.with { library async throws in
            let answers = await withTaskGroup(of: String.self) { group in
                for number in 0..<500 {
                    group.addTask { await library.report(["ask", "ask_elsewhere", "nothing", "later"][number % 4]) }
                }
                return await group.reduce(into: [String: Int]()) { $0[$1, default: 0] += 1 }
            }
            #expect(answers == ["an answer": 500])
        }
    }
}
