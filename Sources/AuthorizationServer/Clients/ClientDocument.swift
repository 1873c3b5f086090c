// SPDX-License-Identifier: Apache-2.0

import GrantKit
import OutsideText

/// Reads one client's document, which holds Aidbox's attribute names, into a client that is valid.
///
/// The same rules serve the configuration file and an API: every problem carries its path in the document.
struct ClientDocument {
    typealias Problem = ConfigurationProblem
    typealias Path = [ConfigurationProblem.Step]

    /// Members that the core itself reads.
    private static let members = [
        "id", "secret", "active", "name", "description", "details", "type", "grant_types", "scope", "allowed_origins",
        "auth", "resourceType",
    ]
    /// Members that the core itself reads where people sign in.
    private static let membersForPeople =
        ["first_party", redirectURI] + ClientDescription.addresses.map(\.member)
    /// Attributes of every grant that the core itself reads.
    private static let attributes = ["token_format", "access_token_expiration", "audience", "secret_required"]
    /// Aidbox's words for clients that may have no function in what is loaded; a plugin that reads one declares it.
    private static let inert = Set(
        String(decoding: PackageResources.aidbox_members_txt, as: UTF8.self).raw.split(at: "\n").map(\.string))

    /// Whether the core itself reads a member of a client's document.
    static func isOwn(member name: String) -> Bool { (members + membersForPeople).contains(name) }

    /// Whether the core itself reads an attribute of every grant.
    static func isOwn(attribute name: String) -> Bool { (attributes + [redirectURI]).contains(name) }

    /// The longest life that a client may be given for its access tokens.
    static let longestLifetime = Duration.seconds(366 * 86400)
    /// That of one in the store: keys are published for as long, and no start looks at all clients to find out.
    static let longestOfStored = Duration.seconds(86400)

    let document: JSON
    let path: Path
    let capabilities: Capabilities
    let defaultFormat: String?
    let secrets: any SecretVerifier
    /// The secrets of a client whose document stands without them in the store.
    var kept: [ClientSecret]?
    /// The longest life of an access token.
    var longest = ClientDocument.longestLifetime
    /// What ends all that was granted to the client, where it is kept in the store.
    var epoch: Int64?
    private(set) var problems: [Problem] = []

    init(
        _ document: JSON, at path: Path, capabilities: Capabilities, defaultFormat: String?,
        secrets: any SecretVerifier
    ) {
        self.document = document
        self.path = path
        self.capabilities = capabilities
        self.defaultFormat = defaultFormat
        self.secrets = secrets
    }

    var label: String { "client '\(document["id"]?.string ?? "?")'" }

    /// The client, or nil with the problems that stand in the way.
    mutating func read() -> RegisteredClient? {
        guard case .object = document else {
            report(path, "a client must be a mapping")
            return nil
        }
        checkMembers()
        let id = readID()
        let live = kept ?? readSecrets()
        // A secret that is wrong is not missing as well.
        let isPublic = kept?.isEmpty ?? (document["secret"] == nil)
        let grants = readGrants(isPublic: isPublic)
        let scope = readScope()
        let plans = readPlans(grants, hasSecret: !isPublic)
        let redirects = readRedirects(grants)
        guard let id, !problems.contains(where: { $0.severity == .error }) else { return nil }
        let client = Client(
            id: id, isPublic: isPublic, grants: Set(grants.map(\.key)), scope: scope, document: withoutSecret)
        return RegisteredClient(
            client: client, secrets: live, allowedOrigins: ClientDocument.origins(of: document), plans: plans,
            redirects: redirects, isFirstParty: document["first_party"] == true, epoch: epoch)
    }

    var withoutSecret: JSON {
        var document = self.document
        document["secret"] = nil
        return document
    }

    mutating func report(
        _ place: Path, key: Bool = false, _ message: String, note: Problem.Note? = nil,
        _ severity: Problem.Severity = .error
    ) {
        problems.append(Problem(severity, at: place, key: key, message, note: note))
    }

    // MARK: members

    private mutating func checkMembers() {
        let declared = capabilities.attributes.filter { $0.level == .client }
        let own = ClientDocument.members + (capabilities.flows.isEmpty ? [] : ClientDocument.membersForPeople)
        for member in document.members where !own.contains(member.name) {
            if let attribute = declared.first(where: { $0.name == member.name }) {
                check(member.value, attribute, path.key(member.name))
            } else if ClientDocument.inert.union(ClientDocument.membersForPeople).contains(member.name) {
                warnInert(member.name, at: path)
            } else if capabilities.isComplete {
                let known = own + declared.map(\.name)
                report(
                    path.key(member.name), key: true, "unknown key '\(member.name)' in \(label)",
                    note: .candidates(for: member.name, among: known))
            }
        }
        expect(String.self, "name", "description", "type")
        expect(Bool.self, "active", "first_party")
        for (member, _) in ClientDescription.addresses { checkAddress(member) }
        expect([String].self, "allowed_origins")
        for (number, origin) in (document["allowed_origins"]?.elements ?? []).enumerated() {
            if let text = origin.string, (try? RedirectURI(text))?.isOrigin != true {
                let problem =
                    text.raw.contains("@")
                    ? "an origin must not hold a user name or a password" : "'\(text)' is not an origin"
                report(
                    path.key("allowed_origins").element(number), problem,
                    note: .text("write scheme, host and port alone, such as https://app.example.com"))
            }
        }
    }

    private mutating func warnInert(_ name: String, at place: Path) {
        guard capabilities.isComplete else { return }
        report(
            place.key(name), key: true, "'\(name)' of \(label) has no function in what is loaded",
            note: .text("remove it, or load the plugin that reads it"), .warning)
    }

    private mutating func expect<Value: SettingValue>(_ type: Value.Type, _ names: String...) {
        for name in names {
            guard let value = document[name], Value(setting: value) == nil else { continue }
            report(path.key(name), "'\(name)' must be \(Value.expectation)")
        }
    }

    private mutating func check(_ value: JSON, _ attribute: AttributeDeclaration, _ place: Path) {
        if !attribute.accepts(value) { report(place, "'\(attribute.name)' must be \(attribute.expectation)") }
    }

    private mutating func readID() -> String? {
        guard let id = document["id"] else {
            report(path, "a client has no 'id'")
            return nil
        }
        guard let text = id.string else {
            report(path.key("id"), "'id' must be a text", note: .text("put it in quotes"))
            return nil
        }
        guard !text.isEmpty, text.utf8.count <= 256, text.utf8.allSatisfy({ 0x20...0x7E ~= $0 })
        else {
            report(path.key("id"), "'id' must be 1 to 256 printable ASCII characters (RFC 6749 appendix A.1)")
            return nil
        }
        guard !Identifiers.isDots(text) else {
            report(path.key("id"), Identifiers.dots, note: Identifiers.dotsNote)
            return nil
        }
        return text
    }

    // MARK: secrets

    private mutating func readSecrets() -> [ClientSecret] {
        guard let member = document["secret"] else { return [] }
        guard let texts = [String](setting: member), (1...2).contains(texts.count) else {
            let isNumber = member.integer != nil || member.bool != nil
            report(
                path.key("secret"), "'secret' must be a text, or a list of two while one replaces the other",
                note: isNumber ? .text("put it in quotes") : nil)
            return []
        }
        return texts.compactMap { secret($0) }
    }

    private mutating func secret(_ text: String) -> ClientSecret? {
        guard !text.isEmpty, text.utf8.count <= Limit.secret else {
            report(path.key("secret"), "a secret of \(label) must have 1 to \(Limit.secret) bytes")
            return nil
        }
        guard !text.utf8.contains(where: { $0 < 0x20 || $0 == 0x7F }) else {
            report(
                path.key("secret"), "a secret of \(label) holds a control character (RFC 6749 appendix A.2)",
                note: .text("a line end is one; a secret is a single line"))
            return nil
        }
        if let slow = secrets.slowHash(text) { return ClientSecret(form: .slow(slow)) }
        guard !text.raw.starts(with: "$s0$") else {
            report(
                path.key("secret"), "a secret of \(label) looks like an scrypt hash but is none that can be verified",
                note: .text("expected $s0$<parameters>$<salt>$<hash>, of at most 256 MiB"))
            return nil
        }
        return ClientSecret(form: .digest(secrets.keyedDigest(Secret(text))))
    }

    // MARK: grants and scope

    private mutating func readGrants(isPublic: Bool) -> [GrantDeclaration] {
        let place = path.key("grant_types")
        guard let member = document["grant_types"] else {
            report(
                path, "\(label) has no 'grant_types', so it can do nothing",
                note: .text("list the grants it may use"), .warning)
            return []
        }
        guard let names = [String](setting: member) else {
            report(place, "'grant_types' must be \([String].expectation)")
            return []
        }
        var grants: [GrantDeclaration] = []
        for (number, name) in names.enumerated() {
            let step = member.string == nil ? place.element(number) : place
            if let grant = readGrant(name, at: step, isPublic: isPublic) { grants.append(grant) }
        }
        return grants + impliedGrants.filter { !grants.contains($0) }
    }

    private mutating func readGrant(_ name: String, at place: Path, isPublic: Bool) -> GrantDeclaration? {
        if name == "basic" {
            report(
                place, "'basic' of \(label) has no function: this server protects no API",
                note: .text("remove it, or use a grant"), .warning)
            return nil
        }
        guard let grant = capabilities.grant(named: name) else {
            guard capabilities.isComplete else { return nil }
            report(
                place, "no loaded plugin provides the grant '\(name)'",
                note: .candidates(for: name, among: capabilities.grantNames))
            return nil
        }
        if isPublic, grant.client == .confidential {
            report(
                place, "\(label) may not use '\(name)' without a secret",
                note: .text("add 'secret', or remove the grant (RFC 6749 section 4.4)"))
        }
        if let advice = grant.advice {
            report(place, "\(label) may use '\(name)', which new clients should not", note: .text(advice), .warning)
        }
        return grant
    }

    /// Grants that an attribute stands for, as a client of Aidbox has them without listing them.
    private var impliedGrants: [GrantDeclaration] {
        capabilities.declarations.filter { declaration in
            guard let attribute = declaration.impliedBy else { return false }
            return (document["auth"]?.members ?? []).contains { $0.value[attribute] == true }
        }
    }

    private mutating func readScope() -> Scope {
        guard let member = document["scope"] else { return [] }
        guard let words = member.string.map({ $0.raw.split(at: " ").map(\.string) }) ?? [String](setting: member)
        else {
            report(path.key("scope"), "'scope' must be a list of words, or words parted by spaces")
            return []
        }
        for (number, word) in words.enumerated() where !Scope.isWord(word) {
            let place = member.string == nil ? path.key("scope").element(number) : path.key("scope")
            report(place, "'\(word)' is not a scope word (RFC 6749 section 3.3)")
        }
        return Scope(words)
    }

    // MARK: auth

    private mutating func readPlans(_ grants: [GrantDeclaration], hasSecret: Bool) -> [String: TokenPlan] {
        if let auth = document["auth"], case .object = auth {
            for member in auth.members { checkGrantSection(member, hasSecret: hasSecret) }
        } else if document["auth"] != nil {
            report(path.key("auth"), "'auth' must be a mapping from grants to their attributes")
        }
        var plans: [String: TokenPlan] = [:]
        // Also of grants that the client does not list yet: what stands in the document must be right.
        for grant in capabilities.declarations where grants.contains(grant) || document["auth"]?[grant.key] != nil {
            plans[grant.key] = readPlan(grant)
        }
        return plans
    }

    private mutating func checkGrantSection(_ section: JSON.Member, hasSecret: Bool) {
        let place = path.key("auth").key(section.name)
        guard let grant = capabilities.declarations.first(where: { $0.key == section.name }) else {
            guard capabilities.isComplete else { return }
            let names = capabilities.declarations.map(\.key)
            report(
                place, key: true, "no loaded plugin provides the grant '\(section.name)'",
                note: .candidates(for: section.name, among: names))
            return
        }
        guard case .object(let members) = section.value else {
            report(place, "'\(section.name)' must be a mapping from attributes to values")
            return
        }
        let declared = capabilities.attributes.filter { $0.level == .everyGrant || $0.level == .grant(grant.key) }
        let isRedirected = capabilities.flows.contains { $0.grant == grant }
        for member in members where !ClientDocument.attributes.contains(member.name) {
            if isRedirected, member.name == ClientDocument.redirectURI { continue }
            checkAttribute(member, of: grant, declared, at: place)
        }
        checkSecretRequired(section.value, at: place, hasSecret: hasSecret)
    }

    private mutating func checkAttribute(
        _ member: JSON.Member, of grant: GrantDeclaration, _ declared: [AttributeDeclaration], at place: Path
    ) {
        if let attribute = declared.first(where: { $0.name == member.name }) {
            check(member.value, attribute, place.key(member.name))
        } else if ClientDocument.inert.contains(member.name) {
            warnInert(member.name, at: place)
        } else if capabilities.isComplete {
            let known = ClientDocument.attributes + declared.map(\.name)
            report(
                place.key(member.name), key: true,
                "unknown key '\(member.name)' for the grant '\(grant.key)' in \(label)",
                note: .candidates(for: member.name, among: known))
        }
    }

    private mutating func checkSecretRequired(_ section: JSON, at place: Path, hasSecret: Bool) {
        guard let member = section["secret_required"] else { return }
        guard let isRequired = member.bool else {
            report(place.key("secret_required"), "'secret_required' must be \(Bool.expectation)")
            return
        }
        if isRequired, !hasSecret {
            report(place.key("secret_required"), "\(label) requires a secret and has none", note: .text("add 'secret'"))
        }
        if !isRequired, hasSecret {
            report(
                place.key("secret_required"), "\(label) has a secret, which is always asked for",
                note: .text("remove 'secret' to make it a public client"), .warning)
        }
    }

    private mutating func readPlan(_ grant: GrantDeclaration) -> TokenPlan? {
        let place = path.key("auth").key(grant.key)
        let section = document["auth"]?[grant.key] ?? [:]
        let readings = (
            readFormat(section["token_format"], at: place.key("token_format")),
            readLifetime(section["access_token_expiration"], at: place.key("access_token_expiration")),
            readAudience(section["audience"], at: place.key("audience"))
        )
        guard let format = readings.0, let lifetime = readings.1, let audience = readings.2 else { return nil }
        return TokenPlan(format: format, lifetime: lifetime, audience: audience)
    }

    private mutating func readFormat(_ member: JSON?, at place: Path) -> (any TokenFormat)? {
        guard let member else {
            return capabilities.formats.count == 1
                ? capabilities.formats.first
                : capabilities.formats.first { $0.name == defaultFormat }
                    ?? capabilities.formats.first { !$0.isSelfContained }
        }
        guard let name = member.string else {
            report(place, "'token_format' must be \(String.expectation)")
            return nil
        }
        guard let format = capabilities.formats.first(where: { $0.name == name }) else {
            guard capabilities.isComplete else { return nil }
            report(
                place, "no loaded plugin issues tokens in the format '\(name)'",
                note: .candidates(for: name, among: capabilities.formats.map(\.name)))
            return nil
        }
        return format
    }

    private mutating func readLifetime(_ member: JSON?, at place: Path) -> Duration? {
        guard let member else { return .seconds(900) }
        guard let lifetime = Duration(setting: member), lifetime >= .seconds(1),
            lifetime <= longest
        else {
            let most = longest == ClientDocument.longestLifetime ? "366 days" : longest.setting.string ?? ""
            report(place, "'access_token_expiration' must be from 1 second to \(most), in seconds or as a duration")
            return nil
        }
        return lifetime
    }
}
