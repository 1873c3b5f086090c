// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import AuthorizationServer
import Foundation
import GrantKit
import OutsideText
import ServerConfiguration

/// One run of a grant from the client's side: the authorization endpoint if the grant uses it, the token endpoint, and
/// the endpoints that accept the token.
struct GrantRun {
    let configuration: Configuration
    let generation: Generation
    let choice: GrantChoice
    var values: ParameterValues
    /// The URL of the server.
    let server: String
    let scope: String?
    /// The client's secret, if the configuration contains it.
    let secret: String?
    /// Signs assertions, if the client authenticates with a key, and the command that does it in a shell.
    let signer: (signer: ClientSigner, command: String)?
    /// The client's secret, if it was typed.
    private var typedSecret: String?
    private var step = 0
    /// The scope values that were granted, or asked for as long as nothing was granted.
    private var granted: [String] = []

    init(
        configuration: Configuration, generation: Generation, choice: GrantChoice, values: ParameterValues,
        server: String, scope: String?, secret: String?, signer: (signer: ClientSigner, command: String)?
    ) {
        (self.configuration, self.generation, self.choice, self.values) = (configuration, generation, choice, values)
        (self.server, self.scope, self.secret, self.signer) = (server, scope, secret, signer)
        granted = (scope ?? "").raw.split(at: " ").map(\.string)
    }

    private var client: Client { choice.client }

    private func address(_ path: String) -> String { "\(server)\(configuration.basePath)\(path)" }

    private func address(of route: Route) -> String {
        route.base == .endpoints ? address(route.path) : "\(server)\(route.pathBelowBase)"
    }

    /// Runs the grant to its end.
    ///
    /// - Throws: `Failure` if a step cannot be done; an exit status if the server refuses.
    mutating func run() throws {
        say("Client '\(client.id)' tries '\(choice.grant.key)' at \(server)")
        var token: String?
        if !choice.flows.isEmpty { token = try approve() }
        for grant in generation.tokenGrants where choice.grants.contains(grant.declaration) {
            guard choice.flows.isEmpty || isRedeemable(grant) else { continue }
            token = try redeem(grant) ?? token
        }
        if let token { try use(token) }
    }

    /// Whether everything that a grant requires is known from the authorization response.
    private func isRedeemable(_ grant: any TokenGrant) -> Bool {
        grant.parameters.allSatisfy { !$0.isRequired || values.isPrinting || values.isKnown($0) }
    }

    // MARK: the authorization endpoint

    /// - Returns: The access token, if the response contains one.
    private mutating func approve() throws -> String? {
        let registered = try redirectURI()
        let mayMove = values.given["redirect_uri"] == nil
        let listener = values.isPrinting ? nil : RedirectListener(registered, mayMove: mayMove)
        let redirect = listener?.redirectURI ?? registered
        let state = values.random("state")
        let url = try authorizationRequest(redirect, state)
        values.keep("redirect_uri", redirect)
        begin("The client sends the browser to the authorization endpoint. Open:")
        StandardOutput.print("\n\(url)")
        guard !values.isPrinting else {
            say("The response goes to \(redirect). Below, its parameters are shell variables: CODE is 'code'.")
            return nil
        }
        let paste = "paste the whole URL that the browser is sent to at the end"
        say(
            listener == nil
                ? "Cannot listen at \(redirect) on this machine: \(paste)."
                : "Waiting at \(redirect). If the browser is on another machine, \(paste).")
        let answer = try RedirectListener.wait(listener, state: state)
        StandardOutput.print("\nThe response:\n\n" + Table.render(answer.all.map { [$0.name, $0.value] }))
        try check(answer)
        for (name, value) in answer.all { values.keep(name, value) }
        learn(scope: answer["scope"])
        return answer["access_token"]
    }

    private func redirectURI() throws -> String {
        if let given = values.given["redirect_uri"] { return given }
        let known = generation.redirectURIs(of: client.id, under: choice.grants.map(\.key).filter(hasFlow))
        guard let first = known.first else {
            throw Failure("client '\(client.id)' has no redirect URI that is valid for all grants of the response type")
        }
        return known.first { $0.raw.starts(with: "http:") } ?? first
    }

    private func hasFlow(_ key: String) -> Bool { choice.flows.contains { $0.grant.key == key } }

    private mutating func authorizationRequest(_ redirect: String, _ state: String) throws -> String {
        let scope = self.scope ?? client.scope.words.joined(separator: " ")
        granted = scope.raw.split(at: " ").map(\.string)
        var sent = [
            ("response_type", choice.flows.map(\.word).joined(separator: " ")), ("client_id", client.id),
            ("redirect_uri", redirect),
        ]
        if !scope.isEmpty { sent.append(("scope", scope)) }
        sent.append(("state", state))
        for name in ["response_mode", "audience"] {
            if let value = values.given[name] { sent.append((name, value)) }
        }
        var known = Set(sent.map(\.0))
        for parameter in choice.flows.flatMap(\.parameters) + generation.filterParameters
        where known.insert(parameter.name).inserted {
            // The URL is opened in a browser, so it cannot contain a shell variable.
            guard case .text(let value) = try values.value(of: parameter) else { continue }
            sent.append((parameter.name, value))
        }
        let query = sent.map { "\($0.0.percentEncoded)=\($0.1.percentEncoded)" }.joined(separator: "&")
        return address("/authorize?\(query)")
    }

    /// Checks the issuer (RFC 9207 section 2.4) and the error (RFC 6749 section 4.1.2.1) of an authorization response.
    private func check(_ answer: Parameters) throws {
        if answer["iss"] != configuration.issuer {
            throw Failure("the response does not come from \(configuration.issuer): its 'iss' is different")
        }
        if answer["error"] != nil { throw ExitCode.failure }
    }

    // MARK: the token endpoint

    /// - Returns: The access token.
    private mutating func redeem(_ grant: any TokenGrant) throws -> String? {
        let request = try tokenRequest(grant, isFirst: choice.flows.isEmpty)
        begin("The client requests a token.")
        guard let answer = try exchange(request) else { return nil }
        guard (200..<300).contains(answer.status), let json = answer.json else { throw ExitCode.failure }
        for member in json.members { if let text = member.value.string { values.keep(member.name, text) } }
        learn(scope: json["scope"]?.string)
        try suggest(after: json, grant)
        return json["access_token"]?.string
    }

    private mutating func tokenRequest(_ grant: any TokenGrant, isFirst: Bool) throws -> CurlRequest {
        var request = CurlRequest(address("/token"))
        try authenticate(&request)
        request.add("grant_type", .text(grant.declaration.wire))
        var known: Set<String> = []
        for parameter in grant.parameters + generation.tokenFilterParameters
        where known.insert(parameter.name).inserted {
            if let value = try values.value(of: parameter) { request.add(parameter.name, value) }
        }
        if isFirst, let scope { request.add("scope", .text(scope)) }
        if isFirst, let audience = values.given["audience"] { request.add("audience", .text(audience)) }
        return request
    }

    private mutating func authenticate(_ request: inout CurlRequest) throws {
        if let (signer, command) = signer {
            request.add("client_assertion_type", .text(ClientSigner.type))
            request.add("client_assertion", .printed(try signer.assertion(), by: command))
        } else if client.isPublic {
            request.add("client_id", .text(client.id))
        } else {
            if secret == nil, typedSecret == nil, !values.isPrinting {
                typedSecret = try ParameterValues.ask("secret of the client '\(client.id)'", isSecret: true)
            }
            request.authenticate(client.id, secret ?? typedSecret ?? "", isShown: secret != nil)
        }
    }

    /// Shows requests of other grants for which the response contains every required parameter.
    private mutating func suggest(after answer: JSON, _ used: any TokenGrant) throws {
        let names = Set(answer.members.map(\.name))
        for grant in generation.tokenGrants where grant.declaration != used.declaration {
            let required = grant.parameters.filter(\.isRequired).map(\.name)
            guard !required.isEmpty, names.isSuperset(of: required), client.grants.contains(grant.declaration.key)
            else { continue }
            say("Later the client can send:")
            StandardOutput.print("\n\(try tokenRequest(grant, isFirst: false).line)")
        }
    }

    private mutating func learn(scope: String?) {
        if let scope { granted = scope.raw.split(at: " ").map(\.string) }
    }

    // MARK: protected endpoints

    private mutating func use(_ token: String) throws {
        for (endpoint, scope) in generation.resourceEndpoints
        where scope.words.allSatisfy({ granted.contains($0) }) && endpoint.route.methods.contains("GET")
            && endpoint.parameters.allSatisfy({ !$0.isRequired })
        {
            var request = CurlRequest(address(of: endpoint.route))
            request.add(header: "Authorization", "Bearer \(token)")
            begin("The client uses the token at an endpoint of the server.")
            _ = try exchange(request)
        }
    }

    // MARK: output

    private mutating func begin(_ text: String) {
        step += 1
        say("\(step). \(text)")
    }

    private func say(_ text: String) {
        StandardOutput.print("\(step == 0 ? "" : "\n")\(text)")
    }

    /// Shows a request and, unless requests are only printed, sends it and shows the response.
    private func exchange(_ request: CurlRequest) throws -> CurlRequest.Answer? {
        StandardOutput.print("\n\(request.line)")
        guard !values.isPrinting else { return nil }
        let answer = try request.send()
        StandardOutput.print("\nHTTP \(answer.status)")
        if case .object(let members)? = answer.json {
            let lines = members.map { "  \(JSON.string($0.name).text): \($0.value.text)" }
            StandardOutput.print("{\n\(lines.joined(separator: ",\n"))\n}")
        } else {
            StandardOutput.print(answer.body)
        }
        return answer
    }
}
