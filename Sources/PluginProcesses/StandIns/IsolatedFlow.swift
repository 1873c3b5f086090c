// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// Takes the place of a response type that runs in a process of its own.
///
/// The process returns only what it adds to the response.
struct IsolatedFlow: AuthorizationFlow {
    let word: String
    let grant: GrantDeclaration
    let combinesWith: Set<String>
    let delivery: Delivery
    let issuesAccessToken: Bool
    let isCompanion: Bool
    let stage: Stage
    let parameters: [ParameterDeclaration]
    private let validates: Bool
    private let role: IsolatedRole

    init(_ form: JSON, role: Int, of caller: (any PluginCaller)?) throws {
        word = try form.required("response_type", \.string)
        grant = try form.required("grant", GrantDeclaration.init(form:))
        combinesWith = Set(try form.words("combines_with"))
        delivery = try form.choice("delivery", [("query", .query), ("fragment", .fragment)])
        issuesAccessToken = form["issues_access_token"]?.bool ?? false
        isCompanion = form["companion"]?.bool ?? false
        stage = try form.choice("stage", Stage.words)
        parameters = try form.list("parameters", ParameterDeclaration.init(form:))
        validates = form["validates"]?.bool ?? true
        self.role = IsolatedRole(role, of: caller)
    }

    /// What a description says about a response type.
    static func form(of flow: any AuthorizationFlow) -> JSON {
        .present([
            ("response_type", .string(flow.word)), ("grant", flow.grant.form),
            ("combines_with", flow.combinesWith.isEmpty ? nil : .strings(flow.combinesWith.sorted())),
            ("delivery", flow.delivery == .fragment ? "fragment" : "query"),
            ("issues_access_token", flow.issuesAccessToken ? true : nil),
            ("companion", flow.isCompanion ? true : nil), ("stage", .string(flow.stage.word)),
            ("parameters", flow.parameters.isEmpty ? nil : .array(flow.parameters.map(\.form))),
        ])
    }

    func validate(_ request: AuthorizationRequest) async throws {
        guard validates else { return }
        try await role.call("validate", ["request": request.form]) { _ in }
    }

    func respond(_ issuance: inout Issuance, to request: AuthorizationRequest) async throws {
        var input = issuance.form
        input["authorization_request"] = request.form
        let added = try await role.call("complete", input, IssuanceAdditions.init(form:))
        try issuance.add(added)
    }
}

extension Stage {
    static let words: [(word: String, value: Stage)] = [("credential", .credential), ("assertion", .assertion)]

    var word: String { Stage.words.first { $0.value == self }?.word ?? "credential" }
}
