// SPDX-License-Identifier: Apache-2.0

import AuthorizationServer
import GrantKit
import Support
import Testing

/// An endpoint that responds with a file of the requested media type.
private struct Filing: Plugin, Endpoint {
    static let manifest = PluginManifest(id: "filing", summary: "", specification: "")
    let route = Route(["GET"], "/filing")
    let admission = Admission.browser()
    let parameters = [ParameterDeclaration("type")]

    init(settings: Settings, host: any PluginHost) {}

    func register(in registry: inout Registry) {
        registry.add(endpoint: self)
    }

    func respond(to request: EndpointRequest<UserSession?>) async throws -> EndpointResponse {
        .file([0, 0xFF, 0x3C], mediaType: try request.parameters.required("type"))
    }
}

@Suite("The file that a plugin responds with", .timeLimit(.minutes(10)))
struct FileAnswerTests {
    private func answer(_ type: String) async throws -> Answer {
        let server = try await TestServer(Plugins.all + [.init(Filing.self)])
        return await server.send("GET", "/auth/filing", query: "type=\(Form.encode(type))")
    }

    @Test("its bytes are sent as they are, and nothing in them runs", arguments: ["image/svg+xml", "text/html"])
    func sent(_ type: String) async throws {
        let answer = try await answer(type)
        #expect(answer.status == 200 && answer.body == [0, 0xFF, 0x3C] && answer.header("content-type") == type)
        let policy = answer.header("content-security-policy") ?? ""
        #expect(policy.contains("default-src 'none'") && policy.contains("sandbox"))
        #expect(!policy.contains("allow-scripts") && answer.header("cache-control") == "no-store")
    }

    @Test("a media type cannot add a header", arguments: ["image/png\r\nset-cookie: a=b", "image/png\u{1}", "bild/ä"])
    func refused(_ type: String) async throws {
        #expect(try await answer(type).status == 500)
    }
}
