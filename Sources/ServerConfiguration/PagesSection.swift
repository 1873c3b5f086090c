// SPDX-License-Identifier: Apache-2.0

import GrantKit
public import OutsideText

extension Configuration {
    /// The settings of the pages.
    public struct Pages: Sendable {
        /// A folder of files that replace the server's own pages.
        public var folder: String?
        /// The name of the organization that runs the server.
        public var name: LocalizedText?
        /// The path of the logo's file.
        public var logo: String?
        /// The address where users find help.
        public var help: String?
        /// The address for users who have forgotten their password.
        public var forgotPassword: String?
        /// Whether the issuer's address shows a start page.
        public var hasLanding = true
        /// The strings of scopes, in the order in which pages list the scopes.
        public var scopes: [ScopeText] = []
    }

    /// The strings that pages show for a scope.
    public struct ScopeText: Sendable {
        /// The scope value.
        public var scope: String
        /// What it allows, in a few words.
        public var title: LocalizedText
        /// What it allows, in a sentence.
        public var detail: LocalizedText?
    }
}

/// Reads `pages` and `scopes`.
struct PagesSection {
    private var section: Section
    private var pages = Configuration.Pages()

    /// Reads both sections; every problem is reported to the diagnostics.
    static func read(_ section: Section, scopes: Section) -> Configuration.Pages {
        var reader = PagesSection(section: section)
        reader.read()
        reader.readScopes(scopes)
        return reader.pages
    }

    private init(section: Section) {
        self.section = section
    }

    private mutating func read() {
        pages.folder = section.read("folder")
        pages.name = PagesSection.text(&section, "name", longest: 60)
        pages.logo = section.read("logo")
        pages.help = readAddress("help", also: "mailto:")
        pages.forgotPassword = readAddress("forgot_password")
        if let hasLanding: Bool = section.read("landing") { pages.hasLanding = hasLanding }
        section.finish()
    }

    /// Reads an address that a page may link to.
    private mutating func readAddress(_ key: String, also scheme: String? = nil) -> String? {
        guard let text: String = section.read(key) else { return nil }
        if let scheme, text.utf8.starts(with: scheme.utf8), PagesSection.isMail(text.utf8.dropFirst(scheme.utf8.count))
        {
            return text
        }
        if let address = try? WebAddress(text), address.isSecure || address.host != nil && address.isOnThisMachine {
            return text
        }
        let others = scheme.map { ", or '\($0)' and an e-mail address" } ?? ""
        section.report(
            key, "'\(key)' must be an https URL\(others)", note: "such as https://www.example.com/help")
        return nil
    }

    private static func isMail(_ address: Substring.UTF8View) -> Bool {
        let parts = address.split(separator: UInt8(ascii: "@"), omittingEmptySubsequences: false)
        return parts.count == 2 && parts.allSatisfy { !$0.isEmpty && $0.allSatisfy(isMailCharacter) }
    }

    private static func isMailCharacter(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A: true
        default: "!#$*+-._~".utf8.contains(byte)
        }
    }

    // MARK: strings

    /// Reads a string for all languages, or a mapping from languages to strings.
    private static func text(_ section: inout Section, _ key: String, longest: Int) -> LocalizedText? {
        guard let value = section.value(key) else { return nil }
        if let text = value.string {
            return isText(text, longest) ? LocalizedText(other: text) : report(section, key, longest)
        }
        guard case .object(let members) = value, !members.isEmpty else { return report(section, key, longest) }
        var byLanguage: [String: String] = [:]
        for member in members {
            guard let string = member.value.string, isText(string, longest) else {
                return report(section, key, longest)
            }
            guard member.name.raw.isLanguageTag else {
                section.report(
                    key, "'\(member.name)' is not a language tag", note: "such as en, de or pt-BR")
                return nil
            }
            guard byLanguage.updateValue(string, forKey: member.name.raw.lowercased()) == nil else {
                section.report(key, "the language '\(member.name)' is repeated", note: "case does not matter in it")
                return nil
            }
        }
        return LocalizedText(byLanguage, other: byLanguage["en"] ?? members.first?.value.string ?? "")
    }

    private static func report(_ section: Section, _ key: String, _ longest: Int) -> LocalizedText? {
        section.report(
            key,
            "'\(key)' must be a string of 1 to \(longest) printable characters, "
                + "or a mapping from languages to such strings",
            note: "such as { en: ..., de: ... }")
        return nil
    }

    private static func isText(_ text: String, _ longest: Int) -> Bool {
        (1...longest).contains(text.unicodeScalars.count) && ShownText.isAllowed(text)
            && text.unicodeScalars.contains { !$0.properties.isWhitespace && $0.properties.generalCategory != .format }
    }

    // MARK: scopes

    private mutating func readScopes(_ scopes: Section) {
        for member in scopes.members.members {
            let path = scopes.path + [.key(member.name)]
            guard Scope.isWord(member.name) else {
                scopes.diagnostics.report(
                    at: path, key: true, "'\(member.name)' is not a scope value",
                    note: "see RFC 6749 section 3.3 for the allowed characters")
                continue
            }
            var entry = Section(member.value, at: path, label: "the scope '\(member.name)'", scopes.diagnostics)
            let title = PagesSection.text(&entry, "title", longest: 80)
            let detail = PagesSection.text(&entry, "detail", longest: 200)
            entry.finish()
            let isMissing = (entry.members["title"] ?? .null) == .null
            if isMissing, entry.members == .null || !entry.members.members.isEmpty {
                scopes.diagnostics.report(
                    at: path, key: true, "the scope '\(member.name)' has no 'title'",
                    note: "describe in a few words what it allows, such as: See your appointments")
            }
            if let title { pages.scopes.append(.init(scope: member.name, title: title, detail: detail)) }
        }
    }
}
