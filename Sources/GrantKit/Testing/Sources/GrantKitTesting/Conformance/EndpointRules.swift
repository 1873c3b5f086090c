// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// The rules for endpoints.
enum EndpointRules {
    static let all: [Rule] = [
        Rule(.endpoint, "its paths, methods and parameters are words that no other route has", names),
        Rule(.endpoint, "it answers the request that it is meant for", EndpointCase.forEach(answers)),
        Rule(
            .endpoint, "it answers strange values without a failure, and repeats them only where they are escaped",
            EndpointCase.forEach(StrangeRequests.check)),
        Rule(
            .endpoint, "it redirects to its own server or to a URL that it has checked",
            EndpointCase.forEach(redirects)),
        Rule(
            .endpoint, "looking changes nothing: GET, HEAD and forms of other sites write nothing",
            EndpointCase.forEach(looking)),
        Rule(
            .endpoint, "its headers are words with printable values, and not those of the server",
            EndpointCase.forEach(headers)),
        Rule(.endpoint, "what it tells one caller is not cached", EndpointCase.forEach(caching)),
        Rule(.endpoint, "its pages have a string for each problem that they show", EndpointCase.forEach(problems)),
        Rule(
            .endpoint, "a second request is answered or refused, and does not fail",
            EndpointCase.forEach(RepeatedRequests.again)),
        Rule(
            .endpoint, "a hundred requests at once do no more than one after another",
            EndpointCase.forEach(RepeatedRequests.atOnce)),
        Rule(
            .endpoint, "it answers the same whether or not expired records are purged",
            EndpointCase.forEach(RepeatedRequests.expired)),
        Rule(
            .endpoint, "if the store fails, it says so, and works again later",
            EndpointCase.forEach(RepeatedRequests.storeFails)),
        Rule(
            .endpoint, "a cancelled request ends, and the next one is answered as before",
            EndpointCase.forEach(RepeatedRequests.cancelled)),
    ]

    // MARK: declarations

    private static let ofCore = ["/token", "/authorize", "/interaction"]

    private static func names(_ subject: PluginUnderTest) async throws {
        let registry = try subject.registry()
        var seen: [String] = []
        for endpoint in registry.endpoints {
            let route = endpoint.route
            try path(route)
            let claim = TestPath(of: route).filled(with: "{}")
            try expect(!seen.contains(claim), "two endpoints have the path '\(route.path)': add one of them")
            seen.append(claim)
            try taken(route, registry.documents.map(\.name))
            try words(endpoint)
        }
    }

    private static func path(_ route: Route) throws {
        let names = TestPath(of: route).names
        let isPlain = route.path.utf8.allSatisfy { byte in
            Word.isLetterOrDigit(byte) || [0x2D, 0x2E, 0x2F, 0x5F, 0x7B, 0x7D, 0x7E].contains(byte)
        }
        let braces = route.path.utf8.filter { $0 == 0x7B || $0 == 0x7D }.count
        let areNames = names.allSatisfy(isName) && Set(names).count == names.count && braces == names.count * 2
        try expect(
            isPlain && areNames && route.path.utf8.first == UInt8(ascii: "/"),
            "the path '\(route.path)' cannot be served: begin it with a slash, use letters, digits, '-', '.', '_' and "
                + "'~', and write each variable as a segment such as '{id}' with a name of its own")
    }

    private static func taken(_ route: Route, _ documents: [String]) throws {
        let first = route.path.utf8.dropFirst().prefix { $0 != UInt8(ascii: "/") }
        let name = String(decoding: first, as: UTF8.self)
        let isTaken =
            switch route.base {
            case .endpoints: ofCore.contains(route.path)
            case .issuer: ["auth", "health", "metrics", ".well-known"].contains(name)
            default: (["oauth-authorization-server", "jwks.json"] + documents).contains(name)
            }
        try expect(!isTaken, "the server itself uses the path '\(route.path)': choose another one")
    }

    private static func words(_ endpoint: any Endpoint) throws {
        let methods = endpoint.route.methods
        try expect(!methods.isEmpty, "the route '\(endpoint.route.path)' has no methods, so nothing reaches it")
        for method in methods {
            let isUpper = !method.isEmpty && method.utf8.allSatisfy { 0x41...0x5A ~= $0 }
            try expect(isUpper, "the method '\(method)' must be in upper case, such as 'GET'")
        }
        for name in endpoint.parameters.map(\.name) {
            try Word.check(name, "parameter")
            try expect(
                !EndpointCase.taken(by: endpoint).contains(name),
                "the server reads the parameter '\(name)' itself and never passes it on: choose another name")
        }
    }

    private static func isName(_ name: String) -> Bool {
        !name.isEmpty && name.utf8.allSatisfy { Word.isLetterOrDigit($0) || $0 == 0x5F }
    }

    // MARK: one request

    private static func answers(_ subject: EndpointCase) async throws {
        let (plugin, call) = try await subject.request()
        let reply = try await subject.reply(plugin, call, "the request")
        guard case .refused(let error) = reply else { return }
        throw ConformanceFailure(
            "\(subject.name) with \(call.parameters.all.map(\.name)) is refused with \(error.code.rawValue), "
                + "'\(error.description)': give a request that it answers with "
                + "answering(\"\(subject.method)\", \"\(subject.route.path)\") or as the examples of its parameters")
    }

    // MARK: addresses

    private static let elsewhere = [
        "https://\(HostileText.mark).example/", "//\(HostileText.mark).example/", "javascript:\(HostileText.mark)",
    ]

    private static func redirects(_ subject: EndpointCase) async throws {
        let (plugin, call) = try await subject.request()
        if let address = try await subject.reply(plugin, call, "the request").answer?.address { try fit(address) }
        let (_, endpoint) = try await subject.load()
        for parameter in endpoint.parameters {
            for text in elsewhere {
                var other = call
                other.parameters = call.parameters.replacing(parameter.name, with: text)
                let reply = try await subject.reply(plugin, other, "a request with a URL as '\(parameter.name)'")
                guard let address = reply.answer?.address else { continue }
                try expect(
                    !address.utf8.starts(with: text.utf8),
                    "\(subject.name) redirects to what was sent as '\(parameter.name)', so that anybody can use it to "
                        + "lead users to another site: redirect only to URLs that are registered")
                try fit(address)
            }
        }
    }

    /// Checks the form of a redirect's URL.
    private static func fit(_ address: String) throws {
        let bytes = Array(address.utf8)
        let scheme = bytes.prefix { $0 != UInt8(ascii: ":") }
        let hasScheme =
            scheme.count < bytes.count && !scheme.isEmpty
            && scheme.allSatisfy { Word.isLetterOrDigit($0) || [0x2B, 0x2D, 0x2E].contains($0) }
        let word = String(decoding: scheme, as: UTF8.self).lowercased()
        let isOwn = bytes.first == UInt8(ascii: "/") && ![0x2F, 0x5C].contains(bytes.dropFirst().first ?? 0)
        try expect(
            isOwn || hasScheme && !["javascript", "data", "vbscript", "file", "blob", "about"].contains(word),
            "it redirects to '\(address)': use a URL such as host.address(of: route), or a path with one slash at its "
                + "beginning")
    }

    // MARK: effects

    private static func looking(_ subject: EndpointCase) async throws {
        let (plugin, call) = try await subject.request()
        let (_, endpoint) = try await subject.load()
        var look = call
        look.comesFromOtherSite = EndpointCase.takesForeignForms(endpoint) && subject.method == "POST"
        guard subject.method == "GET" || look.comesFromOtherSite else { return }
        let before = try await Footprint(of: plugin)
        _ = try await subject.reply(plugin, look, "the request")
        let change = try await Footprint(of: plugin).difference(from: before)
        let what = look.comesFromOtherSite ? "a form of another site" : "a GET request, which any link can send,"
        try expect(
            change.isEmpty,
            "\(what) to '\(subject.route.path)' changes \(change): change something only if request.isSubmitted, or "
                + "with another method")
    }

    // MARK: what a caller gets

    /// The responses to the request that the endpoint is meant for, and to one without parameters.
    private static func responses(_ subject: EndpointCase) async throws -> [Reply] {
        let (plugin, call) = try await subject.request()
        var bare = call
        bare.parameters = [:]
        return [
            try await subject.reply(plugin, call, "the request"),
            try await subject.reply(plugin, bare, "a request without parameters"),
        ]
    }

    private static let ofServer = ["connection", "content-length", "content-type", "transfer-encoding"]

    private static func headers(_ subject: EndpointCase) async throws {
        for reply in try await responses(subject) {
            let sent: [String: String]
            switch reply {
            case .answered(let answer): sent = answer.response.headers
            case .refused(let error): sent = error.headers
            }
            for (name, value) in sent {
                let isWord =
                    !name.isEmpty && name.utf8.allSatisfy { Word.isLetterOrDigit($0) || $0 == 0x2D || $0 == 0x5F }
                try expect(isWord, "'\(name)' is no name of a header: use letters, digits and '-'")
                try expect(
                    !ofServer.contains(name.lowercased()),
                    "\(subject.name) sets the header '\(name)', which belongs to the server: leave it out")
                try expect(
                    value.utf8.allSatisfy { 0x20...0x7E ~= $0 },
                    "\(subject.name) sets the header '\(name)' to a value with a line break or a character that is "
                        + "not ASCII: encode it, for example with percentEncoded")
            }
        }
    }

    private static func caching(_ subject: EndpointCase) async throws {
        let (_, endpoint) = try await subject.load()
        guard EndpointCase.isPersonal(endpoint) else { return }
        for reply in try await responses(subject) {
            for (name, value) in reply.answer?.response.headers ?? [:] {
                let word = name.lowercased()
                guard word == "cache-control" || word == "expires" else { continue }
                let rules = value.lowercased().utf8
                try expect(
                    word == "cache-control" && (rules.holds("no-store") || rules.holds("no-cache")),
                    "\(subject.name) is for one caller, and lets caches keep its response by '\(name): \(value)': "
                        + "leave the header out, because the server sends 'no-store'")
            }
        }
    }

    private static func problems(_ subject: EndpointCase) async throws {
        let (plugin, _) = try await subject.load()
        let keys = plugin.registry.keys + ServerPages.texts
        for reply in try await responses(subject) {
            guard let page = reply.answer?.page, let problem = page.values["problem"]?.string else { continue }
            try expect(
                ["\(page.name)_problem_\(problem)", "problem_\(problem)"].contains { keys.contains($0) },
                "the page '\(page.name)' shows the problem '\(problem)', for which there is no string: add "
                    + "'\(page.name)_problem_\(problem)' to its strings")
        }
    }
}
