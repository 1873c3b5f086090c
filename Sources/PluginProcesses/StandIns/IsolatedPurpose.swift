// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// Takes the place of a purpose of interactions that runs in a process of its own.
struct IsolatedPurpose: InteractionPurpose {
    let name: String
    let grant: GrantDeclaration
    private let role: IsolatedRole

    init(_ form: JSON, role: Int, of caller: (any PluginCaller)?) throws {
        name = try form.required("name", \.string)
        grant = try form.required("grant", GrantDeclaration.init(form:))
        self.role = IsolatedRole(role, of: caller)
    }

    func request(for context: JSON) async throws -> PurposeRequest {
        try await ask("request", ["context": context], PurposeRequest.init(form:))
    }

    func approved(_ authorization: Authorization, for context: JSON) async throws -> PurposeAnswer {
        let input: JSON = ["authorization": authorization.shown, "context": context]
        return try await ask("approved", input, PurposeAnswer.init(form:))
    }

    func denied(for context: JSON) async throws -> PurposeAnswer {
        try await ask("denied", ["context": context], PurposeAnswer.init(form:))
    }

    /// - Throws: `PurposeSettled` if the process says that there already is a result.
    private func ask<Value>(_ function: String, _ input: JSON, _ read: (JSON) throws -> Value) async throws -> Value {
        try await role.call(function, input) { output in
            if let page = output["settled"] { throw PurposeSettled(try Page(form: page)) }
            return try read(output)
        }
    }
}
