// SPDX-License-Identifier: Apache-2.0

import Glibc
public import GrantKit

/// A grant with what the checks need to call it.
public struct GrantUnderTest: Sendable {
    let grant: any TokenGrant
    let now: @Sendable () -> Timestamp
    let request: @Sendable () async throws -> TokenRequest

    /// Makes the value for a grant whose host uses this machine's clock.
    ///
    /// - Parameters:
    ///   - grant: The grant.
    ///   - request: Makes a request that the grant accepts, a new one at each call.
    public init(_ grant: any TokenGrant, request: @escaping @Sendable () async throws -> TokenRequest) {
        self.init(grant, now: { Timestamp(seconds: Int64(time(nil))) }, request: request)
    }

    /// Makes the value for a grant.
    ///
    /// - Parameters:
    ///   - grant: The grant.
    ///   - now: The current time of the grant's host.
    ///   - request: Makes a request that the grant accepts, a new one at each call.
    public init(
        _ grant: any TokenGrant, now: @escaping @Sendable () -> Timestamp,
        request: @escaping @Sendable () async throws -> TokenRequest
    ) {
        self.grant = grant
        self.now = now
        self.request = request
    }
}

/// The checks for grants.
///
/// Run them for every grant.
public enum GrantConformance {
    /// All checks.
    public static let checks: [ConformanceCheck<GrantUnderTest>] = [
        .init(description: "its names are words that fit into a form and a configuration", run: names),
        .init(description: "it accepts the request that it is meant for", run: saysYes),
        .init(description: "it grants no more scope than the client may have", run: scope),
        .init(description: "it refuses a request without a required parameter", run: missing),
        .init(description: "it refuses strange values without repeating them", run: strange),
        .init(description: "deciding consumes nothing: what it redeems is in the writes", run: consumesNothing),
        .init(description: "a hundred calls at once decide the same", run: concurrent),
        .init(description: "what it grants has not ended yet", run: isOpen),
        .init(description: "what it redeems has a grant id, the same at each call", run: grantID),
        .init(description: "no two of its writes have the same key", run: writesOnce),
    ]

    private static func names(_ subject: GrantUnderTest) async throws {
        let declaration = subject.grant.declaration
        for name in [declaration.wire, declaration.key] + declaration.aliases {
            let isWord = !name.isEmpty && name.utf8.allSatisfy { 0x21...0x7E ~= $0 && $0 != 0x22 && $0 != 0x5C }
            try expect(isWord, "'\(name)' is not a valid name")
        }
    }

    private static func saysYes(_ subject: GrantUnderTest) async throws {
        let authorization = try await subject.grant.authorize(try await subject.request())
        try expect(!authorization.subject.id.isEmpty, "the authorization has no subject")
    }

    private static func scope(_ subject: GrantUnderTest) async throws {
        var request = try await subject.request()
        request.allowed.keep { _ in false }
        let authorization = try await subject.grant.authorize(request)
        let more = authorization.scope.words.filter { !request.client.scope.contains($0) }
        try expect(more.isEmpty, "it granted \(more), which the client may not have")
    }

    private static func missing(_ subject: GrantUnderTest) async throws {
        for parameter in subject.grant.parameters where parameter.isRequired {
            var request = try await subject.request()
            request.parameters = Parameters(request.parameters.all.filter { $0.name != parameter.name })
            try await expectRefusal(subject, request, of: "a request without '\(parameter.name)'")
        }
    }

    private static func strange(_ subject: GrantUnderTest) async throws {
        let values = [
            "strange-value", String(repeating: "strange-value", count: 500), "strange-value\u{0}", "strange-value é😀",
            "../strange-value", "strange-value' OR 1=1 --",
        ]
        for parameter in subject.grant.parameters where parameter.isRequired {
            for value in values {
                var request = try await subject.request()
                let others = request.parameters.all.filter { $0.name != parameter.name }
                request.parameters = Parameters(others + [(parameter.name, value)])
                let error = try await expectRefusal(subject, request, of: "a strange '\(parameter.name)'")
                try expect(!error.description.contains("strange-value"), "the refusal repeats what was sent")
            }
        }
    }

    @discardableResult
    private static func expectRefusal(
        _ subject: GrantUnderTest, _ request: TokenRequest, of what: String
    ) async throws -> OAuthError {
        do {
            _ = try await subject.grant.authorize(request)
        } catch let error as OAuthError {
            return error
        } catch {
            throw ConformanceFailure(
                "\(what) is answered with \(error), which the client sees as a failure of the server")
        }
        throw ConformanceFailure("\(what) was granted")
    }

    private static func consumesNothing(_ subject: GrantUnderTest) async throws {
        let request = try await subject.request()
        _ = try await subject.grant.authorize(request)
        _ = try await subject.grant.authorize(request)
    }

    private static func isOpen(_ subject: GrantUnderTest) async throws {
        let authorization = try await subject.grant.authorize(try await subject.request())
        let now = subject.now()
        guard let end = authorization.limits.notAfter, end <= now else { return }
        throw ConformanceFailure(
            "its limits end at \(end.seconds), and now is \(now.seconds): the server refuses what has ended; "
                + "if the grant's host has another clock, give it as 'now'")
    }

    /// A replay revokes what the first use issued, by its grant id.
    ///
    /// So both uses have to return the same one.
    private static func grantID(_ subject: GrantUnderTest) async throws {
        let request = try await subject.request()
        let first = try await subject.grant.authorize(request)
        guard first.writes.contains(where: { if case .redeem = $0 { true } else { false } }) else { return }
        try expect(
            first.grantID != nil,
            "it redeems a record and sets no grantID, so a replay would end nothing: make one with "
                + "host.random(bytes: 16) when the record is created, and keep it there")
        let second = try await subject.grant.authorize(request)
        try expect(
            first.grantID == second.grantID,
            "two calls for one request have different grant ids, so a replay would end nothing: keep the id in the record"
        )
    }

    private static func writesOnce(_ subject: GrantUnderTest) async throws {
        let authorization = try await subject.grant.authorize(try await subject.request())
        var seen: Set<StoreKey> = []
        for write in authorization.writes {
            let key: StoreKey
            switch write {
            case .create(let record), .replace(let record, _): key = record.key
            case .redeem(let named), .delete(let named): key = named
            default: continue
            }
            try expect(
                seen.insert(key).inserted,
                "two of its writes have the same key in '\(key.collection)': combine them into one")
        }
    }

    private static func concurrent(_ subject: GrantUnderTest) async throws {
        let request = try await subject.request()
        let subjects = try await withThrowingTaskGroup(of: Subject.self) { group in
            for _ in 0..<100 { group.addTask { try await subject.grant.authorize(request).subject } }
            return try await group.reduce(into: Set<Subject>()) { $0.insert($1) }
        }
        try expect(subjects.count == 1, "one request was decided for \(subjects.count) subjects")
    }
}
