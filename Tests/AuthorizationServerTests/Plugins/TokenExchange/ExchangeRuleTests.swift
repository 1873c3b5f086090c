// SPDX-License-Identifier: Apache-2.0

import AuthorizationServer
import GrantKit
import Support
import Testing

@Suite("A mistake in 'exchanges' is reported with what is wrong", .timeLimit(.minutes(10)))
struct ExchangeRuleTests {
    private static let rule: JSON = [
        "subject": "access_token", "audience": "api", "to": "https://orders.example.com",
    ]

    static let wrong: [(rules: JSON, message: String)] = [
        ([], "must be a list of rules such as"), ("all", "must be a list of rules such as"),
        (["all"], "rule 1 is not a mapping"),
        ([rule, rule.changed(by: ["audiance": "api"])], "rule 2 has the unknown key 'audiance'"),
        ([rule.changed(by: ["subject": .null])], "rule 1 has no 'subject', which is one or several of access_token"),
        ([rule.changed(by: ["subject": "jwt"])], "has a value of 'subject' that is not one or several of access_token"),
        ([rule.changed(by: ["subject": []])], "has a value of 'subject' that is not one or several of"),
        ([rule.changed(by: ["audience": .null])], "has no 'audience'"),
        ([rule.changed(by: ["to": .null])], "has no 'to'"),
        ([rule.changed(by: ["to": []])], "has no 'to'"),
        ([rule.changed(by: ["to": 1])], "has a value of 'to' that is not a string"),
        ([rule.changed(by: ["to": "#https://.*"])], "has a pattern in 'to'"),
        ([rule.changed(by: ["audience": "#.*"])], "has a pattern in 'audience'"),
        ([rule.changed(by: ["scope": "read write"])], "has a value of 'scope' that is not a string or a list"),
        (
            [rule.changed(by: ["actor": "refresh_token"])],
            "has a value of 'actor' that is not one or several of access_token, id_token"
        ),
        ([rule.changed(by: ["issue": "refresh_token"])], "has a value of 'issue' that is not one or several of"),
        ([rule.changed(by: ["issue": ["access_token", "id-jag"]])], "has several values of 'issue'"),
        ([rule.changed(by: ["issue": "id-jag"])], "issues 'id-jag' for an access token"),
        (
            [rule.changed(by: ["issue": "id-jag", "subject": "id_token", "actor": "id_token"])],
            "issues 'id-jag', which names no actor"
        ),
        ([rule.changed(by: ["client_id": "x"])], "has 'client_id', which is only for 'issue: id-jag'"),
        ([rule.changed(by: ["resources": "x"])], "has 'resources', which is only for 'issue: id-jag'"),
        (
            [rule.changed(by: ["issue": "id-jag", "subject": "id_token", "client_id": 1])],
            "has a value of 'client_id' that is not a string"
        ),
        (.array(Array(repeating: rule, count: 51)), "has 51 rules; the limit is 50"),
    ]

    @Test("each mistake", arguments: wrong.indices)
    func mistake(_ place: Int) async throws {
        let (rules, message) = Self.wrong[place]
        let server = try await ExchangeServer.make()
        let problems = try await server.problems(
            ExchangeServer.plugins(), clients: [ExchangeServer.client("web", rules)])
        #expect(problems.contains { $0.message.contains(message) }, "\(problems.map(\.message))")
    }

    @Test("a setting that names this server or an unknown algorithm is refused")
    func settings() async {
        for settings in [["assertion_audiences": "https://id.example.com"], ["algorithm": "HS256"]] as [JSON] {
            await #expect(throws: ConfigurationError.self) {
                _ = try await TestServer(ExchangeServer.plugins(settings), users: [ExchangeServer.ann])
            }
        }
    }
}
