// SPDX-License-Identifier: Apache-2.0

@_spi(Host) package import GrantKit

/// A plugin in the process of its own: answers the calls of the server with its roles.
package struct HostedPlugin: MessageHandler {
    private let plugin: any Plugin
    private let registry: Registry
    private let attributes: [AttributeDeclaration]
    private let connection: HostConnection

    /// Takes a plugin that has registered what it adds, and has declared the client attributes that it reads.
    package init(
        _ plugin: any Plugin, _ registry: Registry, _ attributes: [AttributeDeclaration], _ connection: HostConnection
    ) {
        self.plugin = plugin
        self.registry = registry
        self.attributes = attributes
        self.connection = connection
    }

    package func take(_ message: JSON) {
        connection.take(message) { await reply(to: message) }
    }

    private func reply(to message: JSON) async -> JSON {
        var reply: JSON = [:]
        do {
            let place = Int(clamping: message["role"]?.integer ?? 0)
            reply["output"] = try await output(message["function"]?.string ?? "", place, message["input"] ?? .null)
        } catch let error as OAuthError {
            reply["error"] = error.form
        } catch let error as StoreError {
            reply["unavailable"] = .string(error.message)
        } catch let error as JobAbandoned {
            reply["abandoned"] = .string(error.description)
        } catch {
            reply["failure"] = .string("\(error)")
        }
        return reply
    }

    private func output(_ function: String, _ place: Int, _ input: JSON) async throws -> JSON {
        switch function {
        case "start": try await plugin.start()
        case "check_attributes": return try checkAttributes(input)
        case "stop": await plugin.stop()
        case "authorize": return try await role(registry.grants, place).authorize(TokenRequest(form: input)).form
        case "admit":
            try await role(registry.tokenFilters, place).admit(input.required("request", TokenRequest.init(form:)))
        case "narrow": return try await narrow(role(registry.tokenFilters, place), input)
        case "extend": return try await extend(role(registry.extensions, place), input)
        case "claims":
            return .object(try await role(registry.claimsSources, place).claims(for: ClaimsRequest(form: input)))
        case "write": try await role(registry.eventSinks, place).write(input.list("events", Event.init(form:)))
        case "run": try await role(registry.jobs, place).run(input["payload"] ?? .null)
        case "respond": return try await respond(role(registry.endpoints, place), input)
        default: return try await interactionOutput(function, place, input)
        }
        return .null
    }

    private func checkAttributes(_ input: JSON) throws -> JSON {
        let problems = try input.list("values", AttributeValue.init(form:)).map { value in
            attributes.first { $0.name == value.name && $0.level == value.level }?.problem(with: value.value)
        }
        return ["problems": .array(problems.map { $0.map(JSON.string) ?? .null })]
    }

    /// The output of a function that is about sign-in and consent.
    private func interactionOutput(_ function: String, _ place: Int, _ input: JSON) async throws -> JSON {
        switch function {
        case "apply": return try await apply(role(registry.requestFilters, place), input)
        case "advance": return try await advance(role(registry.steps, place), input)
        case "validate":
            try await role(registry.flows, place)
                .validate(input.required("request", AuthorizationRequest.init(form:)))
            return .null
        case "complete": return try await complete(role(registry.flows, place), input)
        case "request", "approved", "denied": return try await settle(function, role(registry.purposes, place), input)
        default: return try await otherOutput(function, place, input)
        }
    }

    private func otherOutput(_ function: String, _ place: Int, _ input: JSON) async throws -> JSON {
        switch function {
        case "claim":
            let request = try AuthenticationRequest(form: input)
            return try await role(registry.authenticators, place).claim(in: request)?.form ?? .null
        case "prove":
            try await role(registry.authenticators, place).prove(
                input.required("claim", ClientClaim.init(form:)), of: input.required("client", Client.init(form:)),
                in: AuthenticationRequest(form: input))
            return .null
        case "make": return try await role(registry.products, place).make(TokenContents(form: input)).form
        case "promise":
            let event = try input.required("event", Event.init(form:))
            return HostedPlugin.form(of: try await role(registry.outboxes, place).writes(for: event))
        case "revoking":
            let what = try Revocation(form: input)
            return HostedPlugin.form(of: try await role(registry.revocationParticipants, place).writes(revoking: what))
        default: throw FormError("there is no function '\(function)'")
        }
    }

    private static func form(of writes: [StoreWrite]) -> JSON {
        ["writes": .array(writes.map(\.form))]
    }

    private func role<Role>(_ roles: [Role], _ place: Int) throws -> Role {
        guard roles.indices.contains(place) else { throw FormError("there is no role \(place)") }
        return roles[place]
    }

    private func narrow(_ filter: any TokenRequestFilter, _ input: JSON) async throws -> JSON {
        var limits = try input.required("limits", AccessLimits.init(form:))
        try await filter.narrow(
            &limits, of: input.required("authorization", Authorization.init(form:)),
            for: input.required("request", TokenRequest.init(form:)))
        return limits.form
    }

    private func apply(_ filter: any AuthorizationRequestFilter, _ input: JSON) async throws -> JSON {
        var policy = try input.required("policy", InteractionPolicy.init(form:))
        try await filter.apply(input.required("request", AuthorizationRequest.init(form:)), &policy)
        return policy.form
    }

    private func advance(_ step: any InteractionStep, _ input: JSON) async throws -> JSON {
        try await step.advance(
            input.required("interaction", Interaction.init(form:)),
            submitted: Parameters(input["submitted"]?.pairs ?? [])
        ).form
    }

    private func settle(_ function: String, _ purpose: any InteractionPurpose, _ input: JSON) async throws -> JSON {
        let context = input["context"] ?? .null
        do {
            switch function {
            case "request": return try await purpose.request(for: context).form
            case "denied": return try await purpose.denied(for: context).form
            default:
                let authorization = try input.required("authorization", Authorization.init(form:))
                return try await purpose.approved(authorization, for: context).form
            }
        } catch let settled as PurposeSettled {
            return ["settled": settled.page.form]
        }
    }

    private func extend(_ role: any ResponseExtension, _ input: JSON) async throws -> JSON {
        var issuance = try HostedPlugin.issuance(input)
        let former = issuance.members.count
        try await role.extend(&issuance)
        return HostedPlugin.additions(to: issuance, after: former)
    }

    private func complete(_ flow: any AuthorizationFlow, _ input: JSON) async throws -> JSON {
        var issuance = try HostedPlugin.issuance(input)
        let former = issuance.members.count
        try await flow.respond(
            &issuance, to: input.required("authorization_request", AuthorizationRequest.init(form:)))
        return HostedPlugin.additions(to: issuance, after: former)
    }

    private static func additions(to issuance: Issuance, after former: Int) -> JSON {
        [
            "members": .object(Array(issuance.members.dropFirst(former))),
            "writes": .array(issuance.writes.map(\.form)),
        ]
    }

    /// A response as the server has built it so far.
    private static func issuance(_ input: JSON) throws -> Issuance {
        let answer: Issuance.Answer =
            if let request = input["request"] {
                .token(try TokenRequest(form: request))
            } else {
                .authorization(try input.required("authorization_request", AuthorizationRequest.init(form:)))
            }
        var issuance = Issuance(
            authorization: try input.required("authorization", Authorization.init(form:)),
            client: try input.required("client", Client.init(form:)),
            limits: try input.required("limits", AccessLimits.init(form:)), answer: answer,
            issuedAt: Timestamp(seconds: try input.required("issued_at", \.integer)))
        for member in input["members"]?.members ?? [] { try issuance.add(member.name, member.value) }
        return issuance
    }

    private func respond(_ endpoint: any Endpoint, _ input: JSON) async throws -> JSON {
        try await HostedPlugin.response(of: endpoint, input).form
    }

    /// The function is generic to open the endpoint's type.
    private static func response<It: Endpoint>(of endpoint: It, _ input: JSON) async throws -> EndpointResponse {
        switch endpoint {
        case let endpoint as any Endpoint<Client>: try await endpoint.respond(to: EndpointRequest(form: input))
        case let endpoint as any Endpoint<Bearer>: try await endpoint.respond(to: EndpointRequest(form: input))
        case let endpoint as any Endpoint<UserSession>: try await endpoint.respond(to: EndpointRequest(form: input))
        case let endpoint as any Endpoint<UserSession?>: try await endpoint.respond(to: EndpointRequest(form: input))
        default: throw FormError("the caller of the endpoint has no form")
        }
    }
}
