// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// Makes the responses that users see.
struct PageResponder {
    let core: ServerCore
    let generation: Generation

    private var pages: any PageRenderer { generation.pages ?? core.pages }

    /// Renders a page, and adds the headers that every page has.
    func render(
        _ page: String, _ values: JSON, _ policy: PagePolicy, in languages: [String],
        status: Int = 200
    ) throws -> ServerResponse {
        var all = values
        all["issuer_host"] = .string(Metadata.host(of: core.issuer))
        all["home"] = generation.home.map(JSON.string)
        for asset in pages.assets { all[asset.value] = .string(generation.path("/assets/\(asset.file)")) }
        let rendered = try pages.render(page, all, in: languages)
        return ServerResponse(
            status: status,
            headers: [
                ("content-type", "text/html; charset=utf-8"), ("content-language", rendered.language),
                ("vary", "Accept-Language"), ("content-security-policy", policy.text),
                ("x-frame-options", "DENY"), ("referrer-policy", "no-referrer"), ("cache-control", "no-store"),
                ("pragma", "no-cache"),
            ], body: rendered.html)
    }

    /// The page with which an interaction for a purpose ends.
    ///
    /// - Parameters:
    ///   - page: The page.
    ///   - languages: The languages that the user reads, most preferred first.
    ///   - zone: The user's time zone, if it is known.
    /// - Returns: The response.
    /// - Throws: `PageValueProblem`; an error if there is no such page.
    func end(with page: Page, in languages: [String], zone: String?) throws -> ServerResponse {
        var values = try values(of: page, with: [:])
        values["zone"] = zone.map(JSON.string)
        return try render(page.name, values, PagePolicy(), in: languages)
    }

    /// The values that the server sets in every page, and that pages therefore must not set.
    private static let ownValues: Set<String> = [
        "text", "lang", "dir", "action", "csrf", "state", "issuer_host", "frames", "has_frames", "home", "zone", "wait",
        "server_name", "server_logo", "help", "forgot_password",
    ]

    /// The values of a page, with those that the server adds.
    ///
    /// - Throws: `PageValueProblem` if the page has a value with a name that the server uses.
    func values(of page: Page, with added: JSON) throws -> JSON {
        var own = PageResponder.ownValues.union(pages.assets.map(\.value))
        own.formUnion(added.members.map(\.name))
        if let taken = page.values.members.first(where: { own.contains($0.name) }) {
            throw PageValueProblem(page: page.name, value: taken.name, own: own)
        }
        var values = page.values
        for member in added.members { values[member.name] = member.value }
        return values
    }

    /// The file at a path, or nil.
    func asset(_ head: RequestHead) -> ServerResponse? {
        guard generation.capabilities.hasPages,
            let asset = pages.assets.first(where: { generation.path("/assets/\($0.file)") == head.path })
        else { return nil }
        guard ["GET", "HEAD"].contains(head.method) else {
            return ServerResponse(status: 405, headers: [("allow", "GET, HEAD")])
        }
        return ServerResponse(
            status: 200,
            headers: [
                ("content-type", asset.type), ("cache-control", "public, max-age=31536000, immutable"),
                PageAsset.policy,
            ],
            body: asset.bytes)
    }

    /// The icon, for browsers that look for one before they have seen a page.
    var icon: PageAsset? { pages.assets.first { $0.value == "icon" } }

    /// Tells a browser that there is nothing at a path; nil for a program, or if the server has no pages.
    func notFound(_ head: RequestHead) -> ServerResponse? {
        guard generation.capabilities.hasPages, head.readsPages else { return nil }
        var page = try? answer(PageRefusal(.notFound, OAuthError(.invalidRequest)), head)
        page?.status = 404
        return page
    }

    /// Tells a user why a request fails.
    func answer(_ refusal: PageRefusal, _ head: RequestHead) throws -> ServerResponse {
        var values: JSON = [
            "kind": .string(refusal.kind.rawValue), "code": .string(refusal.error.code.rawValue),
            "request_id": .string(head.id),
        ]
        if let again = refusal.again { values["back"] = .string(again) }
        if core.isDevelopment, refusal.error.code == .serverError {
            values["detail"] = .string(refusal.error.description)
        }
        var response = try render(
            "error", values, PagePolicy(), in: Languages.accepted(by: head),
            status: Refusal.status(of: refusal.error))
        response.headers += Refusal.retrying(refusal.error)
        return response
    }
}
