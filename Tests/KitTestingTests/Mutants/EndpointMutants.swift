// SPDX-License-Identifier: Apache-2.0

import GrantKit
@_spi(Host) import GrantKitTesting

/// Faults of endpoints, and endpoints without one.
enum EndpointMutants {
    private static let names = "its paths, methods and parameters are words that no other route has"
    private static let answers = "it answers the request that it is meant for"
    private static let strange =
        "it answers strange values without a failure, and repeats them only where they are escaped"
    private static let redirects = "it redirects to its own server or to a URL that it has checked"
    private static let looking = "looking changes nothing: GET, HEAD and forms of other sites write nothing"
    private static let headers = "its headers are words with printable values, and not those of the server"
    private static let caching = "what it tells one caller is not cached"
    private static let expired = "it answers the same whether or not expired records are purged"
    private static let storeFails = "if the store fails, it says so, and works again later"

    typealias ClientAnswer = ClosureEndpoint<Client>.Answer
    typealias PageAnswer = ClosureEndpoint<UserSession>.Answer
    typealias AnyoneAnswer = ClosureEndpoint<UserSession?>.Answer
    typealias BearerAnswer = ClosureEndpoint<Bearer>.Answer

    private static let ticket = ParameterDeclaration("ticket", required: true, example: "t-1")
    private static let collection = StoreCollection("ticket")

    // MARK: kinds of endpoints

    /// An endpoint for clients.
    private static func client(
        _ change: @escaping @Sendable (inout ClosureEndpoint<Client>) -> Void = { _ in },
        answer: @escaping ClientAnswer
    ) -> PluginUnderTest {
        EndpointsPlugin.underTest { registry, host in
            var endpoint = ClosureEndpoint<Client>(
                ["POST"], "/ticket", .client(.confidential), parameters: [ticket], host: host, answer: answer)
            change(&endpoint)
            registry.add(collection: collection)
            registry.add(endpoint: endpoint)
        }
    }

    /// An endpoint for clients with another declaration.
    private static func declared(
        _ change: @escaping @Sendable (inout ClosureEndpoint<Client>) -> Void
    ) -> PluginUnderTest {
        client(change) { _, _ in EndpointResponse([:]) }
    }

    /// An endpoint for access tokens that reads JSON.
    private static func bearer(answer: @escaping BearerAnswer) -> PluginUnderTest {
        EndpointsPlugin.underTest { registry, host in
            var endpoint = ClosureEndpoint<Bearer>(
                ["GET", "PUT"], "/tickets/{id}", .bearer(["tickets"]), host: host, answer: answer)
            endpoint.body = .json()
            registry.add(collection: collection)
            registry.add(endpoint: endpoint)
        }
    }

    /// A page for users who are signed in.
    private static func page(answer: @escaping PageAnswer) -> PluginUnderTest {
        EndpointsPlugin.underTest { registry, host in
            registry.add(
                endpoint: ClosureEndpoint<UserSession>(
                    ["GET", "POST"], "/ticket", .user(),
                    parameters: [ParameterDeclaration("ticket", example: "t-1")], host: host, answer: answer))
            registry.add(collection: collection)
            PageMutants.add(to: &registry)
        }
    }

    /// A page for everybody.
    private static func anyone(
        _ methods: Set<String> = ["GET", "POST"], foreign: Bool = false, answer: @escaping AnyoneAnswer
    ) -> PluginUnderTest {
        EndpointsPlugin.underTest { registry, host in
            registry.add(
                endpoint: ClosureEndpoint<UserSession?>(
                    methods, "/ticket", .browser(takesForeignForms: foreign),
                    parameters: [ParameterDeclaration("next", example: "a")], host: host, answer: answer))
            registry.add(collection: collection)
            PageMutants.add(to: &registry)
        }
    }

    // MARK: without a fault

    static let sound: [(name: String, plugin: PluginUnderTest)] = [
        ("an endpoint for clients", client(answer: create)),
        ("an endpoint for access tokens", bearer(answer: resource).answering("GET", "/tickets/{id}", stored)),
        ("a page for users", page(answer: form)),
        ("a page for everybody", anyone(foreign: true) { _, _ in .page(Page("ticket", ["form": true])) }),
        ("a picture", anyone(["GET"]) { _, _ in .file([1, 2, 3], mediaType: "image/png") }),
    ]

    private static func key(_ host: any PluginHost, _ ticket: String) -> StoreKey {
        collection.key(host.cryptography.digest(ticket))
    }

    private static func record(_ host: any PluginHost, _ ticket: String, _ value: JSON = [:]) -> StoreRecord {
        StoreRecord(key(host, ticket), value, expiresAt: host.now + .seconds(60))
    }

    /// Uses a ticket once a minute.
    private static let create: ClientAnswer = { request, host in
        let ticket = try request.parameters.required("ticket")
        let found = try await host.store.read(key(host, ticket))
        guard let found else { return EndpointResponse([:], writes: [.create(record(host, ticket))]) }
        guard found.expiresAt <= host.now else { throw OAuthError(.invalidRequest, "the ticket is used") }
        return EndpointResponse([:], writes: [.replace(record(host, ticket), ifVersion: found.version)])
    }

    /// Shows and replaces a document under an id.
    private static let resource: BearerAnswer = { request, host in
        let id = try request.variables.required("id")
        let found = try await host.store.read(key(host, id))
        guard request.head.method == "PUT" else {
            guard let found, found.expiresAt > host.now else {
                throw OAuthError(.invalidRequest, "there is no such ticket", status: 404)
            }
            return EndpointResponse(found.value)
        }
        guard let document = request.document else { throw OAuthError(.invalidRequest, "there is no document") }
        let next = record(host, id, ["document": document])
        var response = EndpointResponse(next.value)
        response.writes = [found.map { StoreWrite.replace(next, ifVersion: $0.version) } ?? .create(next)]
        response.headers["Location"] = "/auth/tickets/\(id.percentEncoded)"
        return response
    }

    /// A request for a document that is there.
    private static let stored: PluginUnderTest.Call = { plugin in
        let key = key(plugin.host.lent, "t-1")
        let record = StoreRecord(key, ["document": 1], expiresAt: plugin.host.clock.now + .seconds(60))
        _ = try await plugin.host.records.write([.create(record)])
        return TestCall("GET", "/auth/tickets/t-1")
    }

    /// A form that stores a ticket.
    private static let form: PageAnswer = { request, host in
        guard request.isSubmitted else { return .page(Page("ticket", ["form": true])) }
        guard let ticket = request.parameters["ticket"] else {
            return .page(Page("ticket", ["form": true, "problem": "missing"]))
        }
        let found = try await host.store.read(key(host, ticket))
        guard found.map({ $0.expiresAt <= host.now }) ?? true else {
            return .page(Page("ticket", ["form": true, "problem": "used", "ticket": .string(ticket)]))
        }
        let next = record(host, ticket)
        var response = EndpointResponse.redirect(request.head.path)
        response.writes = [found.map { StoreWrite.replace(next, ifVersion: $0.version) } ?? .create(next)]
        return response
    }

    // MARK: with one

    static let all: [Mutant] = declarations + single + effects + many

    private static let declarations: [Mutant] = [
        Mutant(
            "its path has no slash", breaks: names, says: "begin it with a slash",
            declared { $0.route = Route(["POST"], "ticket") }),
        Mutant(
            "its path has a space", breaks: names, says: "cannot be served",
            declared { $0.route = Route(["POST"], "/my ticket") }),
        Mutant(
            "its variable is only a part of a segment", breaks: names, says: "cannot be served",
            declared({ $0.route = Route(["POST"], "/ticket-{id}") })),
        Mutant(
            "its path is the token endpoint's", breaks: names, says: "the server itself uses the path",
            declared { $0.route = Route(["POST"], "/token") }),
        Mutant(
            "its path below the issuer is the server's", breaks: names, says: "the server itself uses the path",
            declared { $0.route = Route(["POST"], "/health/ticket", below: .issuer) }),
        Mutant(
            "its document is the server's", breaks: names, says: "the server itself uses the path",
            declared { $0.route = Route(["POST"], "/jwks.json", below: .wellKnown) }),
        Mutant(
            "its method is in lower case", breaks: names, says: "must be in upper case",
            declared { $0.route = Route(["post"], "/ticket") }),
        Mutant(
            "it has no methods", breaks: names, says: "has no methods", declared { $0.route = Route([], "/ticket") }),
        Mutant(
            "its parameter has a space", breaks: names, says: "is not a word",
            declared { $0.parameters.append(ParameterDeclaration("a b")) }),
        Mutant(
            "two endpoints have one path", breaks: names, says: "two endpoints have the path",
            EndpointsPlugin.underTest { registry, host in
                for name in ["{id}", "{ticket}"] {
                    registry.add(
                        endpoint: ClosureEndpoint<Client>(
                            ["POST"], "/a/\(name)", .client(.confidential), host: host
                        ) { _, _ in EndpointResponse([:]) })
                }
            }),
        Mutant(
            "its parameter is the server's", breaks: names, says: "never passes it on",
            EndpointsPlugin.underTest { registry, host in
                registry.add(
                    endpoint: ClosureEndpoint<Bearer>(
                        ["POST"], "/ticket", .bearer([]), parameters: [ParameterDeclaration("access_token")],
                        host: host
                    ) { _, _ in EndpointResponse([:]) })
            }),
    ]

    private static let single: [Mutant] = [
        Mutant(
            "it refuses the good request", breaks: answers, says: "is refused with invalid_request",
            client { _, _ in throw OAuthError(.invalidRequest, "never") }),
        Mutant(
            "it throws an error of its own", breaks: answers, says: "throw an OAuthError",
            client { _, _ in throw Faults.OwnError() }),
        Mutant(
            "it responds with a failure", breaks: answers, says: "with the status 500",
            client { _, _ in EndpointResponse([:], status: 500) }),
        Mutant(
            "its status is none", breaks: answers, says: "use one from 200 to 599",
            client { _, _ in EndpointResponse([:], status: 1000) }),
        Mutant(
            "it shows a program a page", breaks: answers, says: "return JSON instead",
            client { _, _ in .page(Page("ticket")) }),
        Mutant(
            "it shows a page that it has not added", breaks: answers, says: "shows the page 'tickets'",
            anyone { _, _ in .page(Page("tickets")) }),
        Mutant(
            "its page has a value of the server", breaks: answers, says: "a value named 'state'",
            anyone { _, _ in .page(Page("ticket", ["state": "open"])) }),
        Mutant(
            "it starts an interaction for no purpose", breaks: answers, says: "add registry.add(purpose:)",
            anyone { _, _ in .interaction("ticket", context: [:]) }),
        Mutant(
            "it redirects to a URL with a space", breaks: answers, says: "printable ASCII",
            anyone { _, _ in .redirect("/auth/my ticket") }),
        Mutant(
            "it writes to an undeclared collection", breaks: answers, says: "add registry.add(collection:)",
            client { _, _ in EndpointResponse([:], writes: [.delete(StoreKey("tickets", "a"))]) }),
        Mutant(
            "it writes one record twice", breaks: answers, says: "combine the two writes",
            client { _, host in
                EndpointResponse([:], writes: [.create(record(host, "a")), .create(record(host, "a"))])
            }),
        Mutant(
            "it reads a parameter by another name", breaks: answers, says: "reads the parameter 'tickte'",
            client { request, _ in
                EndpointResponse(["has": .bool(request.parameters["tickte"] != nil)])
            }),
        Mutant(
            "it reads a required parameter by another name", breaks: answers,
            says: "reads the parameter 'tickte', which it does not declare: correct the name",
            client { request, _ in
                EndpointResponse(["has": .string(try request.parameters.required("tickte"))])
            }),
        Mutant(
            "it reads a variable by another name", breaks: answers, says: "reads the variable 'name'",
            bearer { request, _ in EndpointResponse(["has": .bool(request.variables["name"] != nil)]) }),
        Mutant(
            "its refusal repeats what was sent", breaks: strange, says: "repeats what was sent as parameter 'ticket'",
            client { request, _ in
                let ticket = try request.parameters.required("ticket")
                guard ticket == "t-1" else { throw OAuthError(.invalidRequest, "there is no ticket \(ticket)") }
                return EndpointResponse([:])
            }),
        Mutant(
            "a strange path makes it fail", breaks: strange, says: "throw an OAuthError",
            bearer { request, _ in
                guard try request.variables.required("id") == "example" else { throw Faults.OwnError() }
                return EndpointResponse([:])
            }),
        Mutant(
            "a strange document makes it fail", breaks: strange, says: "a strange document",
            bearer { request, _ in
                if let document = request.document, document["example"] == nil { throw Faults.OwnError() }
                return EndpointResponse([:])
            }),
        Mutant(
            "a header repeats what was sent", breaks: strange, says: "a header repeats what was sent",
            client { request, _ in
                var response = EndpointResponse([:])
                response.headers["X-Ticket"] = try request.parameters.required("ticket")
                return response
            }),
        Mutant(
            "a header repeats a header", breaks: strange, says: "as header 'user-agent'",
            client { request, _ in
                throw OAuthError(
                    .invalidRequest, "wrong", headers: ["X-Agent": request.head[header: "user-agent"] ?? "none"])
            }),
        Mutant(
            "a picture repeats what was sent", breaks: strange, says: "a file repeats what was sent",
            anyone(["GET"]) { request, _ in
                let text = "<svg><text>\(request.parameters["next"] ?? "")</text></svg>"
                return .file(Array(text.utf8), mediaType: "image/svg+xml")
            }),
        Mutant(
            "it redirects to what was sent", breaks: redirects, says: "lead users to another site",
            anyone { request, _ in
                let next = request.parameters["next"] ?? "/"
                let isPlain = next.utf8.allSatisfy { 0x21...0x7E ~= $0 }
                return .redirect(isPlain && next != "a" ? next : "/")
            }),
        Mutant(
            "it redirects to a relative path", breaks: redirects, says: "use a URL such as host.address(of: route)",
            anyone { _, _ in .redirect("ticket") }),
        Mutant(
            "it redirects to a path with two slashes", breaks: redirects, says: "one slash",
            anyone { _, _ in .redirect("//ticket") }),
        Mutant(
            "it redirects to a script", breaks: redirects, says: "it redirects to 'javascript:",
            anyone { _, _ in .redirect("javascript:alert(1)") }),
        Mutant(
            "its header has a space", breaks: headers, says: "no name of a header",
            client { _, _ in response(header: "My Ticket", "1") }),
        Mutant(
            "its header has a line break", breaks: headers, says: "line break",
            client { _, _ in response(header: "X-Ticket", "1\r\nSet-Cookie: a=b") }),
        Mutant(
            "its header is the server's", breaks: headers, says: "belongs to the server",
            client { _, _ in response(header: "Content-Length", "1") }),
        Mutant(
            "caches keep what it tells a client", breaks: caching, says: "leave the header out",
            client { _, _ in response(header: "Cache-Control", "public, max-age=60") }),
        Mutant(
            "its page shows a problem without a string",
            breaks: "its pages have a string for each problem that they show", says: "'ticket_problem_lost'",
            anyone { _, _ in .page(Page("ticket", ["problem": "lost"])) }),
    ]

    private static func response(header name: String, _ value: String) -> EndpointResponse {
        var response = EndpointResponse([:])
        response.headers[name] = value
        return response
    }

    private static let effects: [Mutant] = [
        Mutant(
            "a GET request writes to the store", breaks: looking, says: "changes a record of the collection 'ticket'",
            anyone { _, host in
                _ = try await host.store.write([.create(record(host, host.random(bytes: 8)))])
                return .page(Page("ticket"))
            }),
        Mutant(
            "the response to a GET request has writes", breaks: looking, says: "only if request.isSubmitted",
            anyone { _, host in
                var response = EndpointResponse.page(Page("ticket"))
                response.writes = [.create(record(host, host.random(bytes: 8)))]
                return response
            }),
        Mutant(
            "a GET request signs the user out", breaks: looking, says: "changes a record of the collection 'revoked'",
            page { request, host in
                try await host.tokens.revoke(.session(request.caller.id), reason: "test")
                return .page(Page("ticket"))
            }),
        Mutant(
            "a form of another site writes", breaks: looking, says: "a form of another site",
            anyone(foreign: true) { request, host in
                var response = EndpointResponse.page(Page("ticket"))
                // As if only its own page sent forms.
                guard request.parameters["next"] != nil else { return response }
                response.writes = [.create(record(host, host.random(bytes: 8)))]
                return response
            }.answering("GET", "/ticket") { _ in TestCall("GET", "/auth/ticket") }),
    ]

    private static let many: [Mutant] = [
        Mutant(
            "a second request fails", breaks: "a second request is answered or refused, and does not fail",
            says: "request 2 of the same",
            client { _, host in
                guard try await host.store.read(key(host, "seen")) == nil else { throw Faults.OwnError() }
                return EndpointResponse([:], writes: [.create(record(host, "seen"))])
            }),
        Mutant(
            "it counts by a write that nothing guards",
            breaks: "a hundred requests at once do no more than one after another", says: "replace what was read",
            client { _, host in
                let key = key(host, "count")
                let used = try await host.store.read(key)?.value["used"]?.integer ?? 0
                guard used < 3 else { throw OAuthError(.invalidRequest, "used too often") }
                _ = try await host.store.write([.delete(key)])
                _ = try await host.store.write([.create(record(host, "count", ["used": .integer(used + 1)]))])
                return EndpointResponse([:])
            }),
        Mutant(
            "it creates over an expired record", breaks: expired, says: "replace it instead of creating it",
            client { _, host in EndpointResponse([:], writes: [.create(record(host, "seen"))]) }),
        Mutant(
            "it takes a failure of the store for an empty store", breaks: storeFails, says: "let the error through",
            client { _, host in
                let found = try? await host.store.read(key(host, "banned"))
                guard found == nil else { throw OAuthError(.accessDenied, "banned") }
                return EndpointResponse([:])
            }),
        Mutant(
            "it hides that the store failed", breaks: storeFails, says: "let the StoreError through",
            client { _, host in
                do {
                    _ = try await host.store.read(key(host, "banned"))
                } catch {
                    throw Faults.OwnError()
                }
                return EndpointResponse([:])
            }),
        Mutant(
            "it never recovers from a cancelled request",
            breaks: "a cancelled request ends, and the next one is answered as before", says: "is refused", poisoned),
    ]

    /// An endpoint that refuses every request after a cancelled one.
    private static var poisoned: PluginUnderTest {
        EndpointsPlugin.underTest { registry, host in
            let isPoisoned = Kept(false)
            registry.add(
                endpoint: ClosureEndpoint<Client>(["POST"], "/ticket", .client(.confidential), host: host) { _, _ in
                    if Task.isCancelled {
                        isPoisoned.change { $0 = true }
                        throw CancellationError()
                    }
                    guard !isPoisoned.value else { throw OAuthError(.invalidRequest, "busy") }
                    return EndpointResponse([:])
                })
        }
    }
}
