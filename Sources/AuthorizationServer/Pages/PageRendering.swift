// SPDX-License-Identifier: Apache-2.0

public import GrantKit

/// A file that pages refer to.
public struct PageAsset: Sendable {
    /// The value under which pages get its address.
    public var value: String
    /// Its name, which changes with its content.
    public var file: String
    /// Its media type.
    public var type: String
    /// Its content.
    public var bytes: [UInt8]

    /// Describes a file.
    public init(value: String, file: String, type: String, bytes: [UInt8]) {
        self.value = value
        self.file = file
        self.type = type
        self.bytes = bytes
    }
}

/// A page as it is sent.
public struct RenderedPage: Sendable {
    /// The HTML, in UTF-8.
    public var html: [UInt8]
    /// The language that it is in.
    public var language: String

    /// Makes a page.
    public init(html: [UInt8], language: String) {
        self.html = html
        self.language = language
    }
}

/// Turns pages into HTML; templates and texts are not the core's.
public protocol PageRenderer: Sendable {
    /// The HTML of a page.
    ///
    /// - Parameters:
    ///   - page: The page's name.
    ///   - values: What it shows; every text is escaped.
    ///   - languages: The languages that the person reads, the preferred one first.
    /// - Returns: The page, in the first of the languages that there is, or else in English.
    /// - Throws: Any error if there is no such page.
    func render(_ page: String, _ values: JSON, in languages: [String]) throws -> RenderedPage

    /// The files that pages refer to.
    var assets: [PageAsset] { get }

    /// These pages and those of plugins, where a deployment has not put others in their places.
    ///
    /// - Throws: Any error, which says what is wrong with a page.
    func adding(_ pages: [PageTemplate]) throws -> any PageRenderer
}

extension PageRenderer {
    /// The same pages, for a renderer that has none.
    public func adding(_ pages: [PageTemplate]) throws -> any PageRenderer { self }
}

/// What a browser may do with a page (Content Security Policy Level 3).
struct PagePolicy: Sendable {
    /// Where its forms may lead, beside this server; nil does not limit them, for pages where nothing secret is typed
    /// and whose forms lead to a client, which may redirect as it likes.
    var formAction: [String]? = []
    var runsScript = false
    /// From where it shows pictures.
    var pictures: [String] = []
    /// What it loads in frames.
    var frames: [String] = []

    var text: String {
        let rules = [
            "default-src 'none'", "style-src 'self'", "img-src \((["'self'"] + pictures).joined(separator: " "))",
            runsScript ? "script-src 'self'" : nil,
            frames.isEmpty ? nil : "frame-src \(Set(frames).sorted().joined(separator: " "))",
            formAction.map { "form-action \((["'self'"] + $0).joined(separator: " "))" }, "frame-ancestors 'none'",
            "base-uri 'none'",
        ]
        return rules.compactMap(\.self).joined(separator: "; ")
    }
}

extension ServerCore {
    /// Renders a page with the headers that every page has.
    func render(
        _ page: String, _ values: JSON, _ policy: PagePolicy, _ generation: Generation, in languages: [String],
        status: Int = 200
    ) throws -> OutboundResponse {
        var all = values
        all["issuer_host"] = .string(Metadata.host(of: issuer))
        let pages = generation.pages ?? self.pages
        for asset in pages.assets { all[asset.value] = .string(generation.path("/assets/\(asset.file)")) }
        let rendered = try pages.render(page, all, in: languages)
        return OutboundResponse(
            status: status,
            headers: [
                ("content-type", "text/html; charset=utf-8"), ("content-language", rendered.language),
                ("vary", "Accept-Language"), ("content-security-policy", policy.text),
                ("x-frame-options", "DENY"), ("referrer-policy", "no-referrer"), ("cache-control", "no-store"),
                ("pragma", "no-cache"),
            ], body: rendered.html)
    }

    /// What every page gets from the server itself, so that no page may have a value of its own by that name.
    private static let ownValues: Set<String> = [
        "text", "lang", "dir", "action", "csrf", "state", "issuer_host", "frames", "has_frames",
    ]

    /// The values of a page with those that the server adds.
    ///
    /// - Throws: `PageValueProblem` if the page has a value by a name that is the server's own.
    func values(of page: Page, with added: JSON, _ generation: Generation) throws -> JSON {
        var own = ServerCore.ownValues.union((generation.pages ?? pages).assets.map(\.value))
        own.formUnion(added.members.map(\.name))
        if let taken = page.values.members.first(where: { own.contains($0.name) }) {
            throw PageValueProblem(page: page.name, value: taken.name, own: own)
        }
        var values = page.values
        for member in added.members { values[member.name] = member.value }
        return values
    }

    /// The file that is served at a path, or nil.
    func asset(_ head: RequestHead, _ generation: Generation) -> OutboundResponse? {
        guard generation.authorization != nil || !generation.capabilities.browserEndpoints.isEmpty,
            let asset = pages.assets.first(where: { generation.path("/assets/\($0.file)") == head.path })
        else { return nil }
        guard ["GET", "HEAD"].contains(head.method) else {
            return OutboundResponse(status: 405, headers: [("allow", "GET, HEAD")])
        }
        return OutboundResponse(
            status: 200,
            headers: [("content-type", asset.type), ("cache-control", "public, max-age=31536000, immutable")],
            body: asset.bytes)
    }

    /// Tells a person why a request goes nowhere.
    func answer(_ refusal: PageRefusal, _ head: RequestHead, _ generation: Generation) throws -> OutboundResponse {
        var values: JSON = [
            "kind": .string(refusal.kind.rawValue), "code": .string(refusal.error.code.rawValue),
            "request_id": .string(head.id),
        ]
        if let again = refusal.again { values["back"] = .string(again) }
        return try render(
            "error", values, PagePolicy(), generation, in: Languages.accepted(by: head),
            status: Refusal.status(of: refusal.error.code))
    }
}

/// A page of a plugin has a value where the server puts its own; said to the author of the plugin.
struct PageValueProblem: Error, CustomStringConvertible {
    let page: String
    let value: String
    let own: Set<String>

    var description: String {
        "the page '\(page)' has a value named '\(value)', which the server sets itself: give it another name "
            + "(the server's own are \(own.sorted().joined(separator: ", ")))"
    }
}
