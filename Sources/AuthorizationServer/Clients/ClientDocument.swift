// SPDX-License-Identifier: Apache-2.0

@_spi(Host) import GrantKit
import OutsideText

/// Reads a client's document, which uses Aidbox's attribute names, into a valid client.
///
/// The configuration file and the API share these rules: every problem has its path in the document.
struct ClientDocument {
    typealias Problem = ConfigurationProblem
    typealias Path = [ConfigurationProblem.Step]

    /// The members that the core reads.
    private static let members = [
        "id", "secret", "active", "name", "description", "details", "type", "grant_types", "scope", "allowed_origins",
        "auth", "resourceType", "token_endpoint_auth_method", "jwks", "jwks_uri",
    ]
    /// The members that the core reads if users can sign in.
    private static let membersForPeople = ["first_party"] + ClientDescription.addresses.map(\.member)
    /// All members that the core reads with the right plugins.
    private static let allMembers = members + membersForPeople + [redirectURI]
    /// The attributes of every grant that the core reads.
    private static let attributes = ["token_format", "access_token_expiration", "audience", "secret_required"]
    /// Aidbox's names for members that may have no effect with the loaded plugins; a plugin that reads one declares it.
    private static let inert = Set(
        String(decoding: PackageResources.aidbox_members_txt, as: UTF8.self).raw.split(at: "\n").map(\.string))

    /// Whether the core reads a member of a client's document.
    static func isOwn(member name: String) -> Bool { allMembers.contains(name) }

    /// Whether the core reads an attribute of every grant.
    static func isOwn(attribute name: String) -> Bool { (attributes + [redirectURI]).contains(name) }

    /// The longest lifetime of access tokens that a client can set.
    static let longestLifetime = Duration.seconds(366 * 86400)
    /// The longest lifetime for a client in the store: keys stay published that long, because the start does not read
    /// all clients to find out.
    static let longestOfStored = Duration.seconds(86400)

    let document: JSON
    let path: Path
    let capabilities: Capabilities
    let defaultFormat: String?
    let secrets: any SecretVerifier
    let signatures: any SignatureVerifier
    /// The secrets of a client in the store, whose document has none.
    var kept: [ClientSecret]?
    /// Whether the client is in the store, or will be.
    var isStored = false
    /// The longest lifetime of an access token that is accepted.
    var longest = ClientDocument.longestLifetime
    /// What plugins say about values that only they can check.
    var attributeProblems = AttributeProblems()
    /// The number that ends all grants to the client when it changes; nil unless it is read from the store.
    var epoch: Int64?
    private(set) var problems: [Problem] = []

    init(
        _ document: JSON, at path: Path, capabilities: Capabilities, defaultFormat: String?,
        secrets: any SecretVerifier, signatures: any SignatureVerifier
    ) {
        self.document = document
        self.path = path
        self.capabilities = capabilities
        self.defaultFormat = defaultFormat
        self.secrets = secrets
        self.signatures = signatures
    }

    var label: String { "client '\(document["id"]?.string ?? "?")'" }

    /// Reads the client; nil if one of the problems is an error.
    mutating func read() -> RegisteredClient? {
        guard case .object = document else {
            report(path, "a client must be a mapping")
            return nil
        }
        checkMembers()
        let id = readID()
        let live = kept ?? readSecrets()
        // An invalid secret is reported once, not as a missing one too.
        let hasSecret = kept.map { !$0.isEmpty } ?? (document["secret"] != nil)
        let credentials = readCredentials(hasSecret: hasSecret)
        let grants = readGrants(isPublic: credentials.isPublic)
        let scope = readScope()
        let plans = readPlans(grants, hasSecret: hasSecret)
        let redirects = readRedirects(grants)
        guard let id, !problems.contains(where: { $0.severity == .error }) else { return nil }
        var client = Client(
            id: id, isPublic: credentials.isPublic, grants: Set(grants.map(\.key)), scope: scope,
            document: withoutSecret)
        (client.publicKeys, client.secretKeys) = (credentials.keys, credentials.secretKeys)
        return RegisteredClient(
            client: client, methods: credentials.methods, secrets: live,
            allowedOrigins: ClientDocument.origins(of: document), plans: plans,
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
        let own =
            ClientDocument.members + (capabilities.asksUsers ? ClientDocument.membersForPeople : [])
            + (capabilities.flows.isEmpty ? [] : [ClientDocument.redirectURI])
        for member in document.members where !own.contains(member.name) {
            if let attribute = declared.first(where: { $0.name == member.name }) {
                check(member.value, attribute, path.key(member.name))
            } else if ClientDocument.inert.union(ClientDocument.allMembers).contains(member.name) {
                warnInert(member.name, at: path)
            } else if capabilities.isComplete {
                let known = own + declared.map(\.name)
                report(
                    path.key(member.name), key: true, "unknown key '\(member.name)' in \(label)",
                    note: .candidates(for: member.name, among: known))
            }
        }
        expect(String.self, "name", "description", "type")
        // A stored client keeps working with such a name: pages remove these characters from all that they show.
        if epoch == nil, let name = document["name"]?.string, !ShownText.isAllowed(name) {
            report(path.key("name"), "'name' \(ShownText.rule)")
        }
        expect(Bool.self, "active", "first_party")
        for (member, _) in ClientDescription.addresses { checkAddress(member) }
        expect([String].self, "allowed_origins")
        for (number, origin) in (document["allowed_origins"]?.elements ?? []).enumerated() {
            if let text = origin.string, (try? RedirectURI(text))?.isOrigin != true {
                let problem =
                    text.raw.contains("@")
                    ? "an origin must not contain a user name or a password" : "'\(text)' is not an origin"
                report(
                    path.key("allowed_origins").element(number), problem,
                    note: .text("write only scheme, host and port, such as https://app.example.com"))
            }
        }
    }

    mutating func warnInert(_ name: String, at place: Path) {
        guard capabilities.isComplete else { return }
        report(
            place.key(name), key: true, "'\(name)' of \(label) has no effect with the loaded plugins",
            note: .text("remove it, or load the plugin that reads it"), .warning)
    }

    private mutating func expect<Value: SettingValue>(_ type: Value.Type, _ names: String...) {
        for name in names {
            guard let value = document[name], Value(setting: value) == nil else { continue }
            report(path.key(name), "'\(name)' must be \(Value.expectation)")
        }
    }

    private mutating func check(_ value: JSON, _ attribute: AttributeDeclaration, _ place: Path) {
        if let problem = attributeProblems.problem(with: value, of: attribute) {
            return report(place, "'\(attribute.name)' \(problem)")
        }
        guard let text = value.string, let advice = attribute.advice[text] else { return }
        report(place, "\(label) has '\(attribute.name): \(text)'", note: .text(advice), .warning)
    }

    private mutating func readID() -> String? {
        guard let id = document["id"] else {
            report(path, "a client has no 'id'")
            return nil
        }
        guard let text = id.string else {
            report(path.key("id"), "'id' must be a string", note: .text("put it in quotes"))
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
                path.key("secret"), "'secret' must be a string, or a list of two while one replaces the other",
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
                path.key("secret"), "a secret of \(label) contains a control character (RFC 6749 appendix A.2)",
                note: .text("a line break counts too; write the secret on a single line"))
            return nil
        }
        if let slow = secrets.slowHash(text) { return ClientSecret(form: .slow(slow)) }
        guard !text.raw.starts(with: "$s0$") else {
            report(
                path.key("secret"), "a secret of \(label) looks like an scrypt hash, but cannot be verified",
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
                note: .text("list the grants that it may use"), .warning)
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
                place, "'basic' of \(label) has no effect: this server protects no API",
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
            report(place, "\(label) may use '\(name)', which new clients should not use", note: .text(advice), .warning)
        }
        return grant
    }

    /// Grants that an attribute implies, as for a client of Aidbox, without an entry in `grant_types`.
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
            report(path.key("scope"), "'scope' must be a list of scope values, or a string of them separated by spaces")
            return []
        }
        for (number, word) in words.enumerated() where !Scope.isWord(word) {
            let place = member.string == nil ? path.key("scope").element(number) : path.key("scope")
            report(place, "'\(word)' is not a scope value (RFC 6749 section 3.3)")
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
        // Includes grants that the client does not list: every section of the document must be valid.
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
        let isRedirected = capabilities.flows.contains { $0.role.grant == grant }
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
            report(
                place.key("secret_required"), "\(label) requires a secret, but has none", note: .text("add 'secret'"))
        }
        if !isRequired, hasSecret {
            report(
                place.key("secret_required"), "\(label) has a secret, so it must always send it",
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

    private mutating func readFormat(_ member: JSON?, at place: Path) -> Owned<any TokenFormat>? {
        guard let member else {
            return capabilities.formats.count == 1
                ? capabilities.formats.first
                : capabilities.formats.first { $0.role.name == defaultFormat }
                    ?? capabilities.formats.first { !$0.role.isSelfContained }
        }
        guard let name = member.string else {
            report(place, "'token_format' must be \(String.expectation)")
            return nil
        }
        guard let format = capabilities.formats.first(where: { $0.role.name == name }) else {
            guard capabilities.isComplete else { return nil }
            report(
                place, "no loaded plugin issues tokens in the format '\(name)'",
                note: .candidates(for: name, among: capabilities.formats.map(\.role.name)))
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
