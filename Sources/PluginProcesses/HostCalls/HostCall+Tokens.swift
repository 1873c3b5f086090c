// SPDX-License-Identifier: Apache-2.0

@_spi(Host) import GrantKit

extension HostCall {
    /// The tokens that this server has issued.
    static let tokens = [
        HostCall("tokens.resolve", needs: .tokens) { calls, input in
            guard let token = try await calls.host.tokens.resolve(input.required("value", \.string)) else {
                return .null
            }
            LentValues.current?.keep(token)
            return token.form
        },
        HostCall("tokens.revoke", needs: .tokens) { calls, input in
            let what = try Revocation(form: input)
            try await calls.host.tokens.revoke(what, reason: input["reason"]?.string ?? "")
            return .null
        },
        HostCall("tokens.unrevoked", needs: .tokens) { calls, input in
            try LentValues.lend(await calls.host.tokens.unrevoked(Revocation(form: input))).form
        },
    ]

    /// The sessions and consents of users.
    static let sessions = [
        HostCall("sessions.find", needs: .sessions) { calls, input in
            try await calls.host.sessions.find(input.required("id", \.string))?.form ?? .null
        },
        HostCall("sessions.list", needs: .sessions) { calls, input in
            .array(try await calls.host.sessions.list(user: input.required("user", \.string)).map(\.form))
        },
        HostCall("sessions.clients", needs: .sessions) { calls, input in
            .strings(try await calls.host.sessions.clients(of: input.required("id", \.string)))
        },
        HostCall("consents.list", needs: .sessions) { calls, input in
            .array(try await calls.host.consents.list(user: input.required("user", \.string)).map(\.form))
        },
        HostCall("consents.end", needs: .sessions) { calls, input in
            try await calls.host.consents.end(
                user: input.required("user", \.string), client: input.required("client", \.string),
                reason: input["reason"]?.string ?? "")
            return .null
        },
    ]

    /// The core's decisions about scope, audience and claims.
    static let access = [
        HostCall("access.claims") { calls, input in
            let client = try await calls.client(input.required("client", \.string))
            return .object(
                try await calls.host.access.claims(
                    for: input.required("authorization", Authorization.init(form:)), client: client,
                    scope: Scope(input.words("scope")),
                    to: ClaimsDestination(word: input["destination"]?.string ?? "")))
        },
        HostCall("access.limits") { calls, input in
            let client = try await calls.client(input.required("client", \.string))
            let grant = try input.required("grant", GrantDeclaration.init(form:))
            let parameters = Parameters(input["parameters"]?.pairs ?? [])
            return try await calls.host.access.limits(parameters, for: client, under: grant).form
        },
        HostCall("access.derive", needs: .tokens) { calls, input in
            let id = try input.required("token", \.string)
            guard let token = LentValues.current?.token(id) else {
                throw FormError("a token can be derived from only in the call in which it was resolved")
            }
            var request = try input.required("request", TokenRequest.init(form:))
            // What the client may do is decided by the server's own copy, whatever the process says of it.
            request.client = try await calls.client(request.client.id)
            let derived = try await calls.host.access.derive(
                from: token, for: request, audience: input.words("audience"))
            LentValues.current?.keep(derived)
            return derived.form
        },
    ]
}
