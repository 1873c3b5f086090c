// SPDX-License-Identifier: Apache-2.0

import GrantKit
import GrantKitTesting
import Testing

@Suite("Parameters that are given for a grant", .timeLimit(.minutes(10)))
struct GivenParametersTests {
    private static let plugin = ClosureGrant.underTest {
        $0.parameters = [
            ParameterDeclaration("ticket", required: true, example: "t-1"),
            ParameterDeclaration("desk", example: "d-1"),
        ]
    } decide: { request, _ in
        guard request.parameters["ticket"] == "t-2", request.parameters["desk"] == "d-1" else {
            throw OAuthError.invalidGrant(reason: "not the right ticket at the right desk")
        }
        return Authorization(subject: .client(request.client.id), limits: request.allowed)
    }

    private func accepts(_ plugin: PluginUnderTest) throws -> PluginCheck {
        try #require(plugin.checks.first { $0.rule == "it accepts the request that it is meant for" })
    }

    @Test("replace the examples of the same names, and leave the others")
    func replace() async throws {
        try await accepts(Self.plugin.accepting("ticket", with: ["ticket": "t-2"])).run()
        let examples = try accepts(Self.plugin)
        await #expect(throws: (any Error).self) { try await examples.run() }
        let both = try accepts(Self.plugin.accepting("ticket", with: ["ticket": "t-2", "desk": "d-2"]))
        await #expect(throws: (any Error).self) { try await both.run() }
    }
}
