// SPDX-License-Identifier: Apache-2.0

import GrantKit
import OutsideText

/// Validates a user's document, which uses Aidbox's attribute names.
///
/// The configuration file and the API share these rules: every problem has its path in the document.
struct UserDocument {
    typealias Problem = ConfigurationProblem
    typealias Path = [ConfigurationProblem.Step]

    private static let members = [
        "id", "userName", "email", "password", "inactive", "active", "name", "data", "meta", "resourceType",
        "identities",
    ]
    /// Aidbox's names for members that become claims about the user.
    private static let told = Set(
        "nickName phoneNumber photo profileUrl locale timezone gender".raw.split(at: " ").map(\.string))
    /// Aidbox's names for members of users that have no effect here.
    private static let inert = Set(
        """
        emails phoneNumbers displayName roles entitlements identifier fhirUser organization photos addresses \
        x509Certificates link securityLabel twoFactor passwordResetJti title userType preferredLanguage ims
        """.raw.split(at: " ").map(\.string))

    let document: JSON
    let path: Path
    let passwords: any PasswordHashing
    /// The claims that the loaded plugins provide.
    var claims: Set<String> = []
    private(set) var problems: [Problem] = []

    init(_ document: JSON, at path: Path, passwords: any PasswordHashing) {
        self.document = document
        self.path = path
        self.passwords = passwords
    }

    private var label: String { "user '\(document["id"]?.string ?? "?")'" }

    /// Checks the document, and returns whether it is valid.
    mutating func check() -> Bool {
        guard case .object = document else {
            report(path, "a user must be a mapping from keys to values")
            return false
        }
        checkMembers()
        checkID()
        checkNames()
        checkIdentities()
        checkShown(document["name"]?["formatted"], path.key("name").key("formatted"), "formatted")
        checkShown(document["data"]?["name"], path.key("data").key("name"), "name")
        checkClaims()
        checkPassword()
        return !problems.contains { $0.severity == .error }
    }

    /// The document as plugins see it.
    var withoutPassword: JSON {
        var document = self.document
        document["password"] = nil
        return document
    }

    mutating func report(
        _ place: Path, key: Bool = false, _ message: String, note: Problem.Note? = nil,
        _ severity: Problem.Severity = .error
    ) {
        problems.append(Problem(severity, at: place, key: key, message, note: note))
    }

    private mutating func checkMembers() {
        for member in document.members
        where !UserDocument.members.contains(member.name) && !UserDocument.told.contains(member.name) {
            if UserDocument.inert.contains(member.name) {
                report(
                    path.key(member.name), key: true, "'\(member.name)' of \(label) has no effect",
                    note: .text("remove it; claims about the user belong in 'data'"), .warning)
            } else {
                report(
                    path.key(member.name), key: true, "unknown key '\(member.name)' in \(label)",
                    note: .candidates(for: member.name, among: UserDocument.members.filter { $0 != "active" }))
            }
        }
        for name in ["inactive", "active"] where isPresent(name) && document[name]?.bool == nil {
            report(path.key(name), "'\(name)' must be \(Bool.expectation)")
        }
        // If it were ignored, it would let in someone that it was meant to keep out.
        if document["active"] == false, document["inactive"] != true {
            report(
                path.key("active"), key: true, "'active' of \(label) has no effect",
                note: .text("write 'inactive: true'"))
        }
        for name in ["name", "data"] where isPresent(name) {
            if case .object = document[name] { continue }
            report(path.key(name), "'\(name)' must be a mapping from keys to values")
        }
    }

    /// Warns of claims of a wrong type, which would otherwise be left out without notice.
    private mutating func checkClaims() {
        for name in UserDocument.told.sorted() where isPresent(name) && document[name]?.string == nil {
            warn(path.key(name), name, String.expectation)
        }
        for member in document["name"]?.members ?? [] where member.value != .null && member.value.string == nil {
            warn(path.key("name").key(member.name), member.name, String.expectation)
        }
        for member in document["data"]?.members ?? [] where member.value != .null && claims.contains(member.name) {
            guard let expectation = UserClaims.expectation(of: member.name, given: member.value) else { continue }
            warn(path.key("data").key(member.name), member.name, expectation)
        }
    }

    private mutating func warn(_ place: Path, _ name: String, _ expectation: String) {
        let isWord = document["data"]?[name].map { $0.bool != nil || $0.integer != nil } ?? false
        report(
            place, "'\(name)' of \(label) is not sent to clients: it must be \(expectation)",
            note: isWord && expectation == String.expectation ? .text("put it in quotes") : nil, .warning)
    }

    private func isPresent(_ name: String) -> Bool {
        document[name] != nil && document[name] != .null
    }

    private mutating func checkID() {
        guard isPresent("id") else { return report(path, "a user has no 'id'") }
        guard let id = document["id"]?.string else {
            return report(path.key("id"), "'id' must be \(String.expectation)")
        }
        guard (1...255).contains(id.utf8.count), id.utf8.allSatisfy({ 0x21...0x7E ~= $0 }) else {
            return report(
                path.key("id"),
                "'id' must be 1 to 255 printable ASCII characters without spaces (OpenID Connect Core section 2)")
        }
        if Identifiers.isDots(id) { report(path.key("id"), Identifiers.dots, note: Identifiers.dotsNote) }
    }

    private mutating func checkNames() {
        for name in ["userName", "email"] where isPresent(name) {
            guard let text = document[name]?.string else {
                report(path.key(name), "'\(name)' must be \(String.expectation)")
                continue
            }
            let isPlain = text.unicodeScalars.allSatisfy(LoginName.isAllowed)
            if !(1...254).contains(text.utf8.count) || !isPlain {
                report(path.key(name), "'\(name)' must be 1 to 254 bytes without spaces and control characters")
            } else if name == "email", !UserDocument.isAddress(text) {
                report(
                    path.key(name), "'\(text)' is not an e-mail address",
                    note: .text("such as ann@example.com"))
            }
        }
        if isPresent("resourceType"), document["resourceType"]?.string == nil {
            report(path.key("resourceType"), "'resourceType' must be \(String.expectation)")
        }
    }

    /// Checks a name by which pages may call the user.
    private mutating func checkShown(_ value: JSON?, _ place: Path, _ name: String) {
        guard let text = value?.string, !ShownText.isAllowed(text) else { return }
        report(place, "'\(name)' \(ShownText.rule)")
    }

    private static func isAddress(_ text: String) -> Bool {
        let halves = text.utf8.split(separator: UInt8(ascii: "@"), omittingEmptySubsequences: false)
        return halves.count == 2 && halves.allSatisfy { !$0.isEmpty }
    }

    private mutating func checkPassword() {
        guard isPresent("password") else { return }
        let place = path.key("password")
        guard let text = document["password"]?.string else {
            let isNumber = document["password"]?.integer != nil || document["password"]?.bool != nil
            return report(
                place, "'password' must be \(String.expectation)", note: isNumber ? .text("put it in quotes") : nil)
        }
        guard !text.isEmpty, text.utf8.count <= Limit.secret else {
            return report(place, "a password must have 1 to \(Limit.secret) bytes")
        }
        switch passwords.form(of: text) {
        case .hash: break
        case .plain:
            guard OpaqueString.normal(text) == nil else { return }
            report(
                place, "a password must not contain control characters or code points that Unicode has not assigned",
                note: .text("choose one that can be typed everywhere (RFC 8265 section 4.2)"))
        case .unusable:
            report(
                place, "the password of \(label) looks like a slow hash, but cannot be verified",
                note: .text("use Argon2id, $s0$ scrypt, bcrypt or PBKDF2 of bounded cost"))
        }
    }
}
