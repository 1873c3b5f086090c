// SPDX-License-Identifier: Apache-2.0

import GrantKit
import GrantKitTesting
import Testing

/// Without '@_spi(Host)', as the tests of a plugin from outside.
@Suite("Values of the host for tests of a plugin", .timeLimit(.minutes(10)))
struct HostValueTests {
    private let grant = GrantDeclaration("voucher", client: .confidential)
    private let now = Timestamp(seconds: 1_800_000_000)

    @Test("a token request has all of the client's scope, unless the test says less")
    func tokenRequest() {
        let document: JSON = ["auth": ["voucher": ["discount": 5]]]
        let client = Client.test(id: "app", scope: ["read", "write"], document: document)
        let request = TokenRequest.test(grant, from: client, ["voucher": "spring-1"])
        #expect(request.client.id == "app" && request.parameters["voucher"] == "spring-1")
        #expect(request.allowed.scope == ["read", "write"])
        let discount = TestSettings().settings.clientAttribute("discount", under: "voucher", default: Int64(0), "")
        #expect(request.client[discount] == 5)
        let less = TokenRequest.test(grant, from: client, allowed: AccessLimits(scope: ["read"]))
        #expect(less.allowed.scope == ["read"])
    }

    @Test("a response has all that was granted, under the grant of its request")
    func issuance() throws {
        let limits = AccessLimits(scope: ["read"])
        let granted = Authorization(subject: .user("ann"), limits: limits).asIssued(under: "voucher")
        #expect(granted.origin == "voucher" && granted.grantID == "grant-1")
        var issuance = Issuance.test(granted, for: .token(.test(grant)), at: now)
        try issuance.add("series", "spring")
        #expect(issuance["series"] == "spring" && issuance.limits.scope == ["read"] && issuance.issuedAt == now)
        let question = ClaimsRequest.test(granted, for: .accessToken)
        #expect(question.scope == ["read"] && question.user == nil)
    }

    @Test("people, their sessions and their consents")
    func people() {
        let user = User(id: "ann", isActive: true, document: ["id": "ann"])
        let session = UserSession.test(user: user, authenticatedAt: now)
        #expect(session.user.id == "ann" && session.expiresAt == now + .seconds(3600))
        #expect(StoredConsent.test(scope: ["read"], givenAt: now).scope == ["read"])
        let interaction = Interaction.test(client: .test(scope: ["read"]), kept: ["problem": "credentials"])
        #expect(interaction.policy.limits.scope == ["read"] && interaction.kept?["problem"] == "credentials")
        let request = AuthorizationRequest.test(["nonce": "n"], words: ["code", "id_token"], grants: [grant])
        #expect(request.parameters["nonce"] == "n" && request.words.count == 2 && request.grants == [grant])
        let change = DirectoryChange.test(.test(id: "ann", version: "1"), isNew: true)
        #expect(change.isNew && !change.entry.isDeclared && DirectoryEntry.test(id: "bob").isDeclared)
    }
}
