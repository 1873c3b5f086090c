// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// Sends authorization responses to clients.
struct AuthorizationResponder {
    let core: ServerCore
    let generation: Generation

    private var pages: PageResponder { PageResponder(core: core, generation: generation) }

    /// Sends parameters to the client, with `state` and `iss` (RFC 6749 section 4.1.2, RFC 9207 section 2).
    func answer(
        _ members: [(name: String, value: String)], to destination: AuthorizationDestination
    ) throws -> ServerResponse {
        var parameters = members
        if let state = destination.state { parameters.append(("state", state)) }
        parameters.append(("iss", core.issuer))
        if destination.mode == .query { try checkNames(parameters, destination.redirect) }
        switch destination.mode {
        case .query: return try leave(parameters, asFragment: false, destination)
        case .fragment: return try leave(parameters, asFragment: true, destination)
        case .formPost: return try formPost(parameters, to: destination)
        }
    }

    private func leave(
        _ parameters: [(name: String, value: String)], asFragment: Bool, _ destination: AuthorizationDestination
    ) throws -> ServerResponse {
        let address = destination.redirect.adding(parameters, asFragment: asFragment)
        guard destination.endsForm else { return .redirect(address) }
        return try pages.sendOn(to: address, destination.redirect, in: destination.languages)
    }

    /// Refuses repeated parameters; the configuration check knows most names, but a flow may add others.
    private func checkNames(_ parameters: [(name: String, value: String)], _ redirect: RedirectURI) throws {
        let taken = redirect.parameters
        for name in parameters.map(\.name) where taken.contains(name) {
            throw ClashingParameter(name: name)
        }
    }

    /// Renders a page that posts itself to the client (OAuth 2.0 Form Post Response Mode section 2).
    private func formPost(
        _ parameters: [(name: String, value: String)], to destination: AuthorizationDestination
    ) throws -> ServerResponse {
        let fields = parameters.map {
            JSON.object([.init("name", .string($0.name)), .init("value", .string($0.value))])
        }
        let redirect = destination.redirect
        var values: JSON = ["redirect_uri": .string(redirect.text), "fields": .array(fields)]
        values["redirect_host"] = redirect.isOnThisMachine ? nil : redirect.host.map(JSON.string)
        return try pages.render(
            "form_post", values, PagePolicy(formAction: nil, runsScript: true),
            in: destination.languages)
    }

    func answer(_ refusal: RedirectRefusal) throws -> ServerResponse {
        var members = [(name: "error", value: refusal.error.code.rawValue)]
        if !refusal.error.description.isEmpty { members.append(("error_description", refusal.error.description)) }
        return try answer(members, to: refusal.destination)
    }
}
