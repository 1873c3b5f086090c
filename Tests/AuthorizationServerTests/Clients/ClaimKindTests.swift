// SPDX-License-Identifier: Apache-2.0

@_spi(Host) import GrantKit
import Support
import Testing

@testable import AuthorizationServer
@testable import OpenID

@Suite("Claims with another type than in the standard (OpenID Connect Core section 5.1)", .timeLimit(.minutes(10)))
struct ClaimKindTests {
    static let values: [JSON] = [
        "text", "", true, false, .integer(0), .integer(1_700_000_000), .number(1.5), [], ["a"], [:], ["country": "DE"],
    ]

    private func problems(_ user: JSON) -> [ConfigurationProblem] {
        var reader = UserDocument(user, at: [], passwords: CountingPasswords())
        reader.claims = Set(StandardClaims(isInToken: false).claims)
        _ = reader.check()
        return reader.problems
    }

    @Test(
        "each claim is either returned or causes a warning, never both",
        arguments: StandardClaims(isInToken: false).claims)
    func agree(_ name: String) async throws {
        let source = StandardClaims(isInToken: false)
        let scope: Scope = ["openid", "profile", "email", "address", "phone"]
        for value in ClaimKindTests.values {
            let document: JSON = ["id": "ann", "data": .object([.init(name, value)])]
            let user = User(id: "ann", isActive: true, document: document)
            let about = try await source.claims(
                for: ClaimsRequest(
                    user: user, client: Client(id: "app", isPublic: true, grants: [], scope: scope),
                    authorization: Authorization(subject: .user("ann"), limits: AccessLimits(scope: scope)),
                    scope: scope, destination: .userinfo))
            let found = problems(document)
            #expect(found.isEmpty == about.contains { $0.name == name }, "\(name): \(value.text)")
            #expect(found.allSatisfy { $0.severity == .warning && $0.path == [.key("data"), .key(name)] })
            #expect(found.allSatisfy { $0.message.contains("'\(name)'") })
        }
    }

    @Test("attributes that claims are taken from are checked too")
    func attributes() {
        let found = problems([
            "id": "ann", "photo": .integer(1), "name": ["givenName": true, "familyName": "Lee"], "locale": "de",
        ])
        #expect(found.map(\.path) == [[.key("photo")], [.key("name"), .key("givenName")]])
    }

    @Test("claims that no loaded plugin returns may have any value")
    func untold() {
        var reader = UserDocument(
            ["id": "ann", "data": ["updated_at": "now"]], at: [], passwords: CountingPasswords())
        #expect(reader.check() && reader.problems.isEmpty)
    }

    @Test("a client that manages users over HTTP gets the warning in a header field")
    func administration() async throws {
        let (server, token) = try await AdminAPITests.server()
        let answer = await server.send(
            "POST", "/User", headers: [("authorization", "Bearer \(token)"), ("content-type", "application/json")],
            body: Array(#"{"id":"kim","data":{"email_verified":"yes","given_name":5}}"#.utf8))
        #expect(answer.status == 201)
        let warning = answer.header("Warning") ?? answer.header("warning") ?? ""
        #expect(warning.hasPrefix("199 - \"/data/email_verified: 'email_verified' of user 'kim' is not sent"))
        #expect(warning.contains("/data/given_name"))
    }
}
