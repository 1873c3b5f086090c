// SPDX-License-Identifier: Apache-2.0

@_spi(Host) public import GrantKit

/// A token format with the store in which its tokens are committed.
public struct TokenFormatUnderTest: Sendable {
    let format: any TokenFormat
    let store: any StoreService

    /// Makes the value for a token format.
    ///
    /// - Parameters:
    ///   - format: The format.
    ///   - store: The store of the format's host.
    public init(_ format: any TokenFormat, store: any StoreService) {
        self.format = format
        self.store = store
    }
}

/// The checks for token formats.
///
/// Run them for every format.
public enum TokenFormatConformance {
    /// All checks.
    public static let checks: [ConformanceCheck<TokenFormatUnderTest>] = [
        .init(description: "a token resolves to what it was made from", run: comesBack),
        .init(description: "a token has the characters of a bearer token", run: characters),
        .init(description: "two tokens from the same contents differ", run: differ),
        .init(description: "a value that is not a token of this format resolves to nil", run: foreign),
        .init(description: "a changed token does not resolve", run: changed),
        .init(
            description: "a format that is not self-contained knows its tokens only once they are committed",
            run: committed),
    ]

    private static func contents(_ id: String = "id-1") -> TokenContents {
        let limits = AccessLimits(scope: ["read", "write"], audience: ["https://a.example", "https://b.example"])
        var authorization = Authorization(subject: .user("ann"), limits: limits)
        authorization.authenticatedAt = Timestamp(seconds: 1_799_999_000)
        authorization.sessionID = "session-1"
        authorization.amr = ["pwd"]
        authorization.clientEpoch = 17
        authorization.claims = ["tenant": "t1"]
        authorization.confirmation = Confirmation("jkt", "thumbprint", tokenType: "DPoP")
        return TokenContents(
            id: id, client: Client(id: "client-1", isPublic: false, grants: ["g"], scope: ["read", "write"]),
            authorization: authorization.issued(under: "g", grantID: "grant-1"),
            issuedAt: Timestamp(seconds: 1_800_000_000), expiresAt: Timestamp(seconds: 1_800_000_900))
    }

    private static func mint(_ subject: TokenFormatUnderTest, _ id: String = "id-1") async throws -> String {
        let token = try await subject.format.mint(contents(id))
        if !token.writes.isEmpty {
            let outcome = try await subject.store.write(token.writes)
            try expect(outcome == .committed, "the writes of a token could not be committed: \(outcome)")
        }
        return token.value
    }

    private static func comesBack(_ subject: TokenFormatUnderTest) async throws {
        let token = try await subject.format.resolve(try await mint(subject))
        guard let token else { throw ConformanceFailure("a new token is not resolved") }
        let (was, now) = (contents().authorization, token.authorization)
        try expect(token.id == "id-1" && token.clientID == "client-1" && token.kind == .access, "it is \(token)")
        try expect(token.expiresAt == contents().expiresAt && token.issuedAt == contents().issuedAt, "times: \(token)")
        try expect(now.subject == was.subject && now.grantID == was.grantID, "subject or grant: \(now)")
        try expect(now.sessionID == was.sessionID && now.authenticatedAt == was.authenticatedAt, "session: \(now)")
        try expect(now.scope == was.scope && now.limits.audience == was.limits.audience, "limits: \(now.limits)")
        try expect(now.claims == was.claims && now.amr == was.amr, "claims: \(now.claims)")
        try expect(now.clientEpoch == was.clientEpoch, "epoch of the client: \(now.clientEpoch as Any)")
        try expect(now.confirmation == was.confirmation, "confirmation: \(now.confirmation as Any)")
    }

    /// RFC 6750 section 2.1.
    private static func characters(_ subject: TokenFormatUnderTest) async throws {
        let token = try await mint(subject)
        let isFine = token.utf8.allSatisfy { byte in
            Character(Unicode.Scalar(byte)).isLetter && byte < 0x80 || (0x30...0x39).contains(byte)
                || "-._~+/".utf8.contains(byte)
        }
        try expect(isFine && token.utf8.count >= 22, "'\(token.count)' characters, or others than RFC 6750 allows")
    }

    private static func differ(_ subject: TokenFormatUnderTest) async throws {
        let tokens = [try await mint(subject, "id-1"), try await mint(subject, "id-2")]
        try expect(tokens[0] != tokens[1], "both are the same")
    }

    private static func foreign(_ subject: TokenFormatUnderTest) async throws {
        let values = [
            "", "x", "a.b.c", "....", "é", "gat_", String(repeating: "A", count: 20_000), "eyJhbGciOiJub25lIn0.e30.",
        ]
        for value in values {
            try expect(try await subject.format.resolve(value) == nil, "\(value.count) foreign characters resolve")
        }
    }

    private static func changed(_ subject: TokenFormatUnderTest) async throws {
        let token = Array(try await mint(subject))
        for place in stride(from: 0, to: token.count, by: 3) {
            var other = token
            other[place] = other[place] == "A" ? "B" : "A"
            // The last character of base64url may have bits without a meaning.
            guard place < token.count - 1 else { continue }
            try expect(
                try await subject.format.resolve(String(other)) == nil, "a token changed at \(place) still resolves")
        }
    }

    private static func committed(_ subject: TokenFormatUnderTest) async throws {
        guard !subject.format.isSelfContained else { return }
        let token = try await subject.format.mint(contents())
        try expect(!token.writes.isEmpty, "the token has no writes, so nothing could resolve it")
        try expect(try await subject.format.resolve(token.value) == nil, "the token resolves before it is committed")
    }
}
