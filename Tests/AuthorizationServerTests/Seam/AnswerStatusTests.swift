// SPDX-License-Identifier: Apache-2.0

import AuthorizationServer
import GrantKit
import Support
import Testing

/// An endpoint that responds with the requested status.
private struct Answering: Plugin, Endpoint {
    static let manifest = PluginManifest(id: "answering", summary: "", specification: "")
    let route = Route(["POST"], "/answering")
    let admission = Admission.client(.identified)
    let parameters = [ParameterDeclaration("status")]

    init(settings: Settings, host: any PluginHost) {}

    func register(in registry: inout Registry) {
        registry.add(endpoint: self)
    }

    func respond(to request: EndpointRequest<Client>) async throws -> EndpointResponse {
        EndpointResponse(["ok": true], status: Int(try request.parameters.required("status")) ?? 0)
    }
}

@Suite("The status of a plugin's response", .timeLimit(.minutes(10)))
struct AnswerStatusTests {
    @Test(
        "a status that is not final is a server error, and the log names it",
        arguments: [Int.min, -1, 0, 1, 99, 100, 199, 200, 418, 599, 600, 999, 1000, Int.max])
    func statuses(_ status: Int) async throws {
        let server = try await TestServer(Plugins.all + [.init(Answering.self)])
        let answer = await server.post(
            "/auth/answering", [("status", "\(status)")], as: ("service", TestServer.serviceSecret))
        let isGood = 200...599 ~= status
        #expect(answer.status == (isGood ? status : 500))
        #expect(server.log.lines.contains { $0.contains("returned the status \(status)") } != isGood)
    }
}
