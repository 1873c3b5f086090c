// SPDX-License-Identifier: Apache-2.0

@_spi(Host) import GrantKit

extension HostCall {
    /// The server's own keys.
    static let keys = [
        HostCall("keys.sign", needs: .keys) { calls, input in
            let claims = try input.required("claims") { $0 }
            return .string(
                try await calls.host.keys.sign(
                    claims, type: input.required("type", \.string), algorithm: input["algorithm"]?.string))
        },
        HostCall("keys.verify", needs: .keys) { calls, input in
            let token = try input.required("token", \.string)
            return try await calls.host.keys.verify(token, type: input.required("type", \.string))?.form ?? .null
        },
        HostCall("keys.authentication_code", needs: .keys) { calls, input in
            let message = try input.required("message", \.string)
            return .string(
                try await calls.host.keys.authenticationCode(message, purpose: input.required("purpose", \.string)))
        },
        HostCall("keys.is_authentic", needs: .keys) { calls, input in
            let (code, message) = (try input.required("code", \.string), try input.required("message", \.string))
            return .bool(
                try await calls.host.keys.isAuthentic(
                    code, over: message, purpose: input.required("purpose", \.string)))
        },
        HostCall("keys.seal", needs: .keys) { calls, input in
            let text = try input.required("text", \.string)
            return .string(try await calls.host.keys.seal(text, purpose: input.required("purpose", \.string)))
        },
        HostCall("keys.open", needs: .keys) { calls, input in
            let sealed = try input.required("sealed", \.string)
            let text = try await calls.host.keys.open(sealed, purpose: input.required("purpose", \.string))
            return text.map(JSON.string) ?? .null
        },
    ]

    /// Checks of tokens that others have signed.
    static let foreignTokens = [
        HostCall("foreign.verify") { calls, input in
            let token = try input.required("token", \.string)
            let rules = try input.required("rules", JWTRules.init(form:))
            let source = try await calls.keySource(input["keys"] ?? .null)
            do {
                var verified = try await calls.host.foreignKeys.verify(token, by: source, rules)
                verified.writes = try verified.writes.map(LentValues.lend)
                return verified.form
            } catch let refusal as JWTRefusal {
                return ["refusal": .string(refusal.reason)]
            } catch let error as OutboundError {
                return ["unreachable": .string("\(error)")]
            }
        },
        HostCall("foreign.issuer") { calls, input in
            let issuer = calls.host.foreignKeys.issuer(try input.required("name", \.string))
            return issuer.map { ["name": .string($0.name), "rules": $0.rules.form] } ?? .null
        },
    ]
}

extension HostCalls {
    /// The keys that a process names; those of a client are the server's own copy, whatever the process knows of it.
    fileprivate func keySource(_ form: JSON) async throws -> KeySource {
        if let id = form["client"]?.string { return .client(try await client(id)) }
        if let id = form["secret"]?.string { return .secret(try await client(id)) }
        if let address = form["address"]?.string { return .address(address) }
        if let set = form["set"] { return .keys(try host.foreignKeys.keys(in: set)) }
        if let name = form["issuer"]?.string {
            guard let issuer = host.foreignKeys.issuer(name) else { throw FormError("no plugin trusts this issuer") }
            return issuer.keys
        }
        throw FormError("'keys' must have client, secret, address, set or issuer")
    }

    /// The client with an id.
    func client(_ id: String) async throws -> Client {
        guard let client = try await host.clients.find(id) else { throw FormError("there is no such client") }
        return client
    }
}
