// SPDX-License-Identifier: Apache-2.0

@_spi(Host) import GrantKit

/// The limits on guessing secrets.
struct RemoteAttempts: AttemptService {
    let connection: HostConnection
    /// Computes the part of an address by which requesters are counted.
    let origins: @Sendable (String) -> String

    func count(_ secret: String, of account: String?, from address: String) async throws -> AttemptVerdict {
        let input: JSON = .present([
            ("secret", .string(secret)), ("account", account.map(JSON.string)), ("address", .string(address)),
        ])
        return try AttemptVerdict(form: await connection.ask("attempts.count", input))
    }

    func succeeded(_ attempt: CountedAttempt) async throws {
        _ = try await connection.ask("attempts.succeeded", ["counters": .strings(attempt.counters)])
    }

    func origin(of address: String) -> String { origins(address) }
}

/// The queue for the plugin's own jobs.
struct RemoteJobs: JobService {
    let connection: HostConnection

    func enqueue(_ job: Job) async throws -> StoreWrite {
        let input: JSON = .present([
            ("handler", .string(job.handler)), ("payload", job.payload),
            ("limit", .integer(job.limit.components.seconds)),
            ("not_before", (job.notBefore?.seconds).map(JSON.integer)),
        ])
        return try StoreWrite(form: await connection.ask("jobs.enqueue", input))
    }
}
