// SPDX-License-Identifier: Apache-2.0

public import GrantKit
import Synchronization

/// A browser, as far as a server can tell one: cookies, redirects, forms.
public final class Browser: Sendable {
    /// The name of the session cookie of the issuer `https://id.example.com`.
    public static let session = "__Host-grantor_session_3ur2q6l66h73k"

    public let server: TestServer
    private let jar = Mutex<[String: String]>([:])
    private let readsPages: Bool
    private let agent: String?

    /// - Parameters:
    ///   - readsPages: Whether the browser says that it accepts HTML, as every real browser does.
    ///   - agent: What the browser calls itself.
    public init(_ server: TestServer, readsPages: Bool = false, agent: String? = nil) {
        self.server = server
        self.readsPages = readsPages
        self.agent = agent
    }

    /// A copy of the browser with its current cookies, at the same or another node.
    public func copy(at server: TestServer? = nil) -> Browser {
        let other = Browser(server ?? self.server, readsPages: readsPages, agent: agent)
        for (name, value) in cookies { other.set(name, value) }
        return other
    }

    public var cookies: [String: String] { jar.withLock { $0 } }

    public func forget(_ cookie: String) {
        jar.withLock { $0[cookie] = nil }
    }

    public func set(_ cookie: String, _ value: String) {
        jar.withLock { $0[cookie] = value }
    }

    private func head() -> [(name: String, value: String)] {
        let cookies = jar.withLock { $0 }.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }
        var sent: [(name: String, value: String)] = []
        if readsPages { sent.append(("accept", "text/html,application/xhtml+xml,*/*;q=0.8")) }
        if let agent { sent.append(("user-agent", agent)) }
        if !cookies.isEmpty { sent.append(("cookie", cookies.joined(separator: "; "))) }
        return sent
    }

    /// Keeps cookies as a browser does, by name and value only.
    private func keep(_ answer: Answer) {
        for header in answer.headers where header.name == "set-cookie" {
            let pair = header.value.prefix { $0 != ";" }.split(separator: "=", maxSplits: 1).map(String.init)
            jar.withLock { $0[pair[0]] = pair.count > 1 && !pair[1].isEmpty ? pair[1] : nil }
        }
    }

    /// Opens a URL of the server and follows redirects as long as they stay on the server.
    public func open(_ address: String) async -> Answer {
        let parts = address.split(separator: "?", maxSplits: 1).map(String.init)
        let path = parts[0].hasPrefix("https://id.example.com") ? String(parts[0].dropFirst(22)) : parts[0]
        let answer = await server.send("GET", path, query: parts.count > 1 ? parts[1] : nil, headers: head())
        return await follow(answer)
    }

    public func post(_ path: String, _ form: [(String, String)]) async -> Answer {
        await follow(await postOnly(path, form))
    }

    /// Sends a form without following redirects.
    public func postOnly(_ path: String, _ form: [(String, String)]) async -> Answer {
        let answer = await server.post(path, form, headers: head())
        keep(answer)
        return answer
    }

    private func follow(_ answer: Answer) async -> Answer {
        keep(answer)
        guard answer.status == 303, let location = answer.header("location"), location.hasPrefix("/") else {
            return answer
        }
        return await open(location)
    }

    /// Sends an authorization request.
    public func authorize(_ parameters: [(String, String)]) async -> Answer {
        await open(
            "/auth/authorize?" + parameters.map { "\(Form.encode($0.0))=\(Form.encode($0.1))" }.joined(separator: "&"))
    }

    /// Submits the form of a page with values that a user entered.
    public func submit(_ page: Answer, _ fields: [(String, String)]) async -> Answer {
        await post(page.formAction ?? "", page.hidden + fields)
    }

    public func signIn(_ page: Answer, _ login: String = "ann", _ password: String = Demo.password) async -> Answer {
        await submit(page, [("username", login), ("password", password)])
    }

    /// Consents to everything that is ticked, or to the given scope values.
    public func allow(_ page: Answer, _ scopes: [String]? = nil) async -> Answer {
        await submit(page, (scopes ?? page.ticked).map { ("scope", $0) } + [("decision", "allow")])
    }
}

extension Answer {
    public var html: String { String(decoding: body, as: UTF8.self) }

    /// The page's heading.
    public var heading: String? { matches(/<h1>([^<]*)<\/h1>/).first?[0] }

    /// The link with which a page continues.
    public var link: String? {
        matches(/<a class="button[^"]*"[^>]* href="([^"]*)"/).first.map { Answer.plain($0[0]) }
    }

    public var formAction: String? { matches(/<form [^>]*action="([^"]*)"/).first?[0] }

    /// The hidden fields of the page's last form.
    public var hidden: [(String, String)] {
        let forms = html.unicodeScalars.ranges(of: "<form ".unicodeScalars)
        let form = forms.last.map { html[$0.upperBound...] } ?? html[...]
        return matches(/<input type="hidden" name="([^"]*)" value="([^"]*)">/, in: String(form)).map {
            ($0[0], Answer.plain($0[1]))
        }
    }

    /// The check boxes that are ticked.
    public var ticked: [String] {
        matches(/<input type="checkbox" name="scope" value="([^"]*)" checked>/).map { $0[0] }
    }

    /// Finds text as a browser does, by code points, so that a combining mark next to a quotation mark hides nothing.
    private func matches(_ regex: some RegexComponent, in text: String? = nil) -> [[String]] {
        let erased = Regex<AnyRegexOutput>(regex.regex).matchingSemantics(.unicodeScalar)
        return (text ?? html).matches(of: erased).map { match in
            match.output.dropFirst().map { String($0.substring ?? "") }
        }
    }

    private static let references: [(name: [UInt8], byte: UInt8)] = [
        ("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&#39;", "'"), ("&#x27;", "'"), ("&#96;", "`"),
        ("&#x60;", "`"), ("&amp;", "&"),
    ].map { (Array($0.0.utf8), Array($0.1.utf8)[0]) }

    private static func plain(_ text: String) -> String {
        var bytes: [UInt8] = []
        var rest = Array(text.utf8)[...]
        while let byte = rest.first {
            let reference = references.first { rest.starts(with: $0.name) }
            bytes.append(reference?.byte ?? byte)
            rest = rest.dropFirst(reference?.name.count ?? 1)
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// The target of a redirect, without its parameters.
    public var landing: String? {
        header("location").map { String($0.prefix { $0 != "?" && $0 != "#" }) }
    }

    /// The parameters of a redirect after a `?` or a `#`.
    public func parameters(after mark: Character) -> [String: String] {
        guard let location = header("location"), let start = location.firstIndex(of: mark) else { return [:] }
        let text = location[location.index(after: start)...].prefix { $0 != "#" }
        return Dictionary(
            text.split(separator: "&").map { pair in
                let parts = pair.split(separator: "=", maxSplits: 1).map(String.init)
                return (Form.decode(parts[0]), parts.count > 1 ? Form.decode(parts[1]) : "")
            }, uniquingKeysWith: { first, _ in "\(first) twice" })
    }

    public var query: [String: String] { parameters(after: "?") }
    public var fragment: [String: String] { parameters(after: "#") }
}

extension Form {
    public static func decode(_ text: String) -> String {
        var bytes: [UInt8] = []
        var rest = Array(text.utf8)[...]
        while let byte = rest.popFirst() {
            if byte == UInt8(ascii: "%"), rest.count >= 2,
                let value = UInt8(String(decoding: rest.prefix(2), as: UTF8.self), radix: 16)
            {
                bytes.append(value)
                rest = rest.dropFirst(2)
            } else {
                bytes.append(byte == UInt8(ascii: "+") ? 0x20 : byte)
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}

/// Clients and users for sign-in tests.
public enum Demo {
    public static let password = "a long way to the sea"
    public static let secret = "s3cret of the web application"
    public static let callback = "https://app.example.com/callback"
    public static let verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
    /// The challenge of RFC 7636 appendix B.
    public static let challenge = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"

    public static let scope: [String] = ["openid", "profile", "email", "address", "phone", "offline_access", "read"]

    public static let users: [JSON] = [
        [
            "id": "ann", "userName": "ann.lee", "email": "ann@example.com", "password": .string(password),
            "data": [
                "name": "Ann Lee", "given_name": "Ann", "family_name": "Lee", "email_verified": true,
                "updated_at": 1_700_000_000, "birthdate": "1990-04-01", "phone_number": "+43 1 234567",
                "phone_number_verified": false, "address": ["locality": "Graz", "country": "AT"],
            ],
        ],
        ["id": "bob", "email": "bob@example.com", "password": .string(password)],
        ["id": "ida", "email": "ida@example.com", "password": .string(password), "inactive": true],
    ]

    /// A web application with a backend.
    public static let web: JSON = [
        "id": "web", "name": "The web application", "secret": .string(secret),
        "grant_types": ["authorization_code"], "scope": .strings(scope),
        "auth": ["authorization_code": ["redirect_uri": .string(callback), "refresh_token": true]],
    ]
    /// A first-party client, which needs no consent.
    public static let house: JSON = [
        "id": "house", "secret": .string(secret), "grant_types": ["code"], "scope": .strings(scope),
        "first_party": true, "auth": ["authorization_code": ["redirect_uri": .string(callback)]],
    ]
    /// A native application, whose port is not known in advance.
    public static let native: JSON = [
        "id": "native", "grant_types": ["code"], "scope": ["openid", "profile"], "first_party": true,
        "auth": ["authorization_code": ["redirect_uri": ["http://127.0.0.1/callback", "com.example.app:/callback"]]],
    ]
    /// A confidential client that need not send a challenge.
    public static let lax: JSON = [
        "id": "lax", "secret": .string(secret), "grant_types": ["code"], "scope": .strings(scope), "first_party": true,
        "auth": ["authorization_code": ["redirect_uri": .string(callback), "pkce": false]],
    ]

    public static func server(
        _ plugins: [PluginSetup] = Plugins.all, clients: [JSON] = [web, house, native, lax, TestServer.service]
    ) async throws -> TestServer {
        try await TestServer(
            plugins, clients: clients, users: users, passwords: CountingPasswords())
    }

    /// A request of the web application, with changes; nil omits a parameter.
    public static func request(_ changes: [(String, String?)] = []) -> [(String, String)] {
        var parameters: [(String, String?)] = [
            ("response_type", "code"), ("client_id", "web"), ("redirect_uri", callback),
            ("scope", "openid profile"), ("state", "s-1"), ("nonce", "n-1"), ("code_challenge", challenge),
            ("code_challenge_method", "S256"),
        ]
        for change in changes {
            if let place = parameters.firstIndex(where: { $0.0 == change.0 }) {
                parameters[place] = change
            } else {
                parameters.append(change)
            }
        }
        return parameters.compactMap { parameter in parameter.1.map { (parameter.0, $0) } }
    }
}

extension TestServer {
    /// Redeems a code as the web application does, with changes.
    public func redeem(
        _ code: String, _ changes: [(String, String?)] = [],
        as client: (id: String, secret: String)? = ("web", Demo.secret)
    ) async -> Answer {
        var form: [(String, String?)] = [
            ("grant_type", "authorization_code"), ("code", code), ("redirect_uri", Demo.callback),
            ("code_verifier", Demo.verifier),
        ]
        for change in changes {
            form.removeAll { $0.0 == change.0 }
            form.append(change)
        }
        return await post("/auth/token", form.compactMap { field in field.1.map { (field.0, $0) } }, as: client)
    }

    /// Gets a code for a signed-in user with the first-party client, which needs no consent.
    public func code(_ changes: [(String, String?)] = [], in browser: Browser? = nil) async -> Answer {
        let browser = browser ?? Browser(self)
        let page = await browser.authorize(Demo.request([("client_id", "house")] + changes))
        return page.heading == "Sign in" ? await browser.signIn(page) : page
    }
}
