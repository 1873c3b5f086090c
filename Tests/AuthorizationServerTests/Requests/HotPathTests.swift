// SPDX-License-Identifier: Apache-2.0

import AuthorizationServer
import GrantKit
import Support
import Synchronization
import Testing

/// Runs jobs where they become ready and counts them; each is the start of a stage or a change of threads.
final class CountingExecutor: TaskExecutor {
    private let jobs = Mutex(0)

    var count: Int { jobs.withLock { $0 } }

    func enqueue(_ job: consuming ExecutorJob) {
        jobs.withLock { $0 += 1 }
        UnownedJob(job).runSynchronously(on: asUnownedTaskExecutor())
    }
}

@Suite("A token request stays on the thread on which it started", .timeLimit(.minutes(10)))
struct HotPathTests {
    private func jobs(of request: @escaping @Sendable () async -> Answer) async -> (answer: Answer, jobs: Int) {
        let executor = CountingExecutor()
        let answer = await Task(executorPreference: executor) { await request() }.value
        return (answer, executor.count)
    }

    @Test("a self-contained token is issued in three stages: authenticate, decide, sign")
    func selfContained() async throws {
        let server = try await TestServer(format: "jwt")
        let result = await jobs { await server.token([("scope", "read")]) }
        #expect(result.answer.status == 200)
        #expect(result.jobs == 3)
    }

    @Test("a refusal takes two stages: authenticate, decide")
    func refusal() async throws {
        let server = try await TestServer(format: "jwt")
        let result = await jobs { await server.token([("scope", "admin")]) }
        #expect(result.answer.error == "invalid_scope")
        #expect(result.jobs == 2)
    }

    @Test("introspection of a self-contained token reads the store on the same thread")
    func introspection() async throws {
        let server = try await TestServer(format: "jwt")
        let token = await server.token()["access_token"] ?? ""
        let result = await jobs { await server.introspect(token) }
        #expect(result.answer.json["active"] == true)
        #expect(result.jobs == 1)
    }
}
