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
            for (name, value) in sent { try check(header: name, value, subject) }
        }
    }

    private static func check(header name: String, _ value: String, _ subject: EndpointCase) throws {
        let isWord = !name.isEmpty && name.utf8.allSatisfy { Word.isLetterOrDigit($0) || $0 == 0x2D || $0 == 0x5F }
        try expect(isWord, "'\(name)' is no name of a header: use letters, digits and '-'")
        try expect(
            !ofServer.contains(name.lowercased()),
            "\(subject.name) sets the header '\(name)', which belongs to the server: leave it out")
        try expect(
            value.utf8.allSatisfy { 0x20...0x7E ~= $0 },
            "\(subject.name) sets the header '\(name)' to a value with a line break or a character that is "
                + "not ASCII: encode it, for example with percentEncoded")
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
