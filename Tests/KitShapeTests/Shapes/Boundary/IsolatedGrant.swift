// SPDX-License-Identifier: Apache-2.0

@_spi(Host) import GrantKit

/// Sends a frame to a plugin in another process, and gives its answer.
typealias Pipe = @Sendable (_ function: String, _ frame: String) async throws -> String

/// Takes the place of a grant that runs in another process.
struct IsolatedGrant: TokenGrant {
    let declaration: GrantDeclaration
    let parameters: [ParameterDeclaration]
    let pipe: Pipe

    func authorize(_ request: TokenRequest) async throws -> Authorization {
        let answer = try await pipe("authorize", JSONFrame.text(request.form))
        return try Authorization(form: JSONFrame.value(answer))
    }
}

/// Takes the place of a filter that runs in another process.
struct IsolatedFilter: TokenRequestFilter {
    let pipe: Pipe

    func narrow(
        _ limits: inout AccessLimits, of authorization: Authorization, for request: TokenRequest
    ) async throws {
        let sent: JSON = ["limits": limits.form, "authorization": authorization.form, "request": request.form]
        let answer = try AccessLimits(form: JSONFrame.value(try await pipe("narrow", JSONFrame.text(sent))))
        // The answer is applied by narrowing, so a process that answers more than it was given gains nothing.
        limits.keep { answer.scope.contains($0) }
        try limits.keep(audience: answer.audience)
        if let end = answer.notAfter { limits.end(by: end) }
        if !answer.mayRefresh { limits.forbidRefresh() }
    }
}

/// The other end: answers with the roles of a plugin that runs as it is.
struct ChildProcess: Sendable {
    let registry: Registry

    func answer(_ function: String, _ frame: String) async throws -> String {
        do {
            let value = try JSONFrame.value(frame)
            switch function {
            case "authorize": return JSONFrame.text(try await authorize(value))
            case "narrow": return JSONFrame.text(try await narrow(value))
            default: throw FormError("there is no function '\(function)'")
            }
        } catch let refusal as OAuthError {
            return JSONFrame.text(refusal)
        }
    }

    private func authorize(_ value: JSON) async throws -> JSON {
        let request = try TokenRequest(form: value)
        guard let grant = registry.grants.first(where: { $0.declaration.wire == request.grant.wire }) else {
            throw OAuthError(.unsupportedGrantType)
        }
        return try await grant.authorize(request).form
    }

    private func narrow(_ value: JSON) async throws -> JSON {
        var limits = try AccessLimits(form: value["limits"] ?? .null)
        let authorization = try Authorization(form: value["authorization"] ?? .null)
        let request = try TokenRequest(form: value["request"] ?? .null)
        for filter in registry.tokenFilters { try await filter.narrow(&limits, of: authorization, for: request) }
        return limits.form
    }
}
