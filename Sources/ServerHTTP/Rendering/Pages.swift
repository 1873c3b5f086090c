// SPDX-License-Identifier: Apache-2.0

public import AuthorizationServer
import Foundation
@_spi(Host) public import GrantKit
import Mustache
import OutsideText

/// The pages for users: templates, strings and a style sheet, each of which a configured folder may replace.
public struct Pages: PageRenderer {
    /// The error for a page that cannot be used.
    public struct Problem: Error, CustomStringConvertible {
        /// The file and what is wrong with it.
        public let description: String
    }

    private var library: MustacheLibrary
    /// The partials that each template includes.
    private var parts: [String: Set<String>]
    /// The catalogues by language tag, in lower case.
    private var catalogues: [String: Catalogue]
    /// The files that pages refer to.
    public let assets: [PageAsset]
    private let branding: Branding

    /// Reads the server's pages, replaced by those in a folder.
    ///
    /// - Parameters:
    ///   - folder: A folder with files named like the server's own: `sign_in.mustache`, `style.css`, `text/en.json` and
    ///     so on; each of them is optional.
    ///   - branding: The name, logo, links and scope strings that the deployment puts on the pages.
    /// - Throws: `Problem`.
    public init(replacedBy folder: String? = nil, branding: Branding = Branding()) throws {
        self.branding = branding
        let files = PageFiles(folder: folder)
        var (library, parts) = (MustacheLibrary(), [String: Set<String>]())
        for name in files.templates {
            let file = "\(name).mustache"
            parts[name] = try Pages.register(files.text(file), named: name, at: files.place(file), in: &library)
        }
        (self.library, self.parts) = (library, parts)
        try files.checkLanguages()
        catalogues = [:]
        for language in files.languages {
            catalogues[language.raw.lowercased()] = try Catalogue(language, files, branding)
        }
        let own = try [
            PageAsset(value: "style", file: "style.css", type: "text/css; charset=utf-8", files),
            PageAsset(value: "script", file: "form_post.js", type: "text/javascript; charset=utf-8", files),
            PageAsset(value: "frames_script", file: "frames.js", type: "text/javascript; charset=utf-8", files),
        ]
        var icon = try branding.logo ?? PageAsset(value: "icon", file: "icon.svg", type: "image/svg+xml", files)
        icon.value = "icon"
        assets = own + [icon] + (branding.logo.map { [$0] } ?? [])
        try checkParts()
    }

    /// These pages with those of plugins; a template in the folder replaces a plugin's page of the same name.
    package func adding(_ pages: [PageTemplate]) throws -> any PageRenderer {
        var all = self
        for page in pages {
            guard !PageFiles.names.contains(page.name) else {
                throw Problem(description: "'\(page.name)' is the name of one of the server's own pages")
            }
            let place = "the page '\(page.name)'"
            // A page that is replaced is checked too, so that removing the replacement does not reveal a problem.
            var adding = all.library
            let parts = try Pages.register(page.template, named: page.name, at: place, in: &adding)
            if library.getTemplate(named: page.name) == nil { (all.library, all.parts[page.name]) = (adding, parts) }
            all.catalogues = all.catalogues.mapValues { $0.adding(page.texts) }
        }
        try all.checkParts()
        return all
    }

    /// Refuses templates that include themselves, since rendering one would never end.
    private func checkParts() throws {
        for name in parts.keys.sorted() {
            var (found, next) = (Set<String>(), [name])
            while let part = next.popLast() {
                next += (parts[part] ?? []).subtracting(found)
                found.formUnion(parts[part] ?? [])
            }
            guard found.contains(name) else { continue }
            let others = found.subtracting([name]).filter { parts[$0] != nil }.sorted().map { "'\($0)'" }
            throw Problem(
                description: "the template '\(name)' includes itself, so rendering it would never end"
                    + (others.isEmpty ? "" : "; it includes \(others.joined(separator: ", "))"))
        }
    }

    /// Registers a template after checking that every tag escapes its value.
    ///
    /// - Returns: The partials that the template includes.
    private static func register(
        _ template: String, named name: String, at place: String, in library: inout MustacheLibrary
    ) throws -> Set<String> {
        EscapedHTML.register
        do {
            let parts = try TemplateCheck.check(template)
            try library.register(EscapedHTML.pragma + template, named: name)
            return parts
        } catch let error as TemplateCheck.Problem {
            throw Problem(description: "\(place):\(error.line): \(error.message)")
        } catch let error as MustacheTemplate.ParserError {
            // The first line is the pragma.
            throw Problem(description: "\(place):\(error.context.lineNumber - 1): \(error.error)")
        }
    }

    /// The available languages with those of a folder, the server's own first.
    public static func languages(in folder: String? = nil) -> [String] {
        PageFiles(folder: folder).languages
    }

    /// Renders a page as HTML.
    public func render(_ page: String, _ values: JSON, in languages: [String] = []) throws -> RenderedPage {
        guard let catalogue = catalogue(for: languages) else {
            throw Problem(description: "there is no catalogue of texts")
        }
        // This page shows no values, but returns them to the client byte for byte.
        let shown = page == "form_post" ? values : Pages.shown(values)
        var all = Pages.plain(catalogue.resolve(page, shown)) as? [String: Any] ?? [:]
        all["text"] = catalogue.texts
        all["server_name"] = branding.name?[catalogue.language]
        all["help"] = branding.help
        all["forgot_password"] = branding.forgotPassword
        all["lang"] = catalogue.language
        all["dir"] = catalogue.texts["direction"] ?? "ltr"
        guard let html = library.render(all, withTemplate: page) else {
            throw Problem(description: "there is no page '\(page)'")
        }
        return RenderedPage(html: Array(html.utf8), language: catalogue.language)
    }

    /// The catalogue for the first language that matches, shortening each tag from its end (RFC 4647 section 3.4).
    private func catalogue(for languages: [String]) -> Catalogue? {
        for language in languages {
            var parts = language.raw.lowercased().raw.split(at: "-").map(\.string)
            while !parts.isEmpty {
                if let found = catalogues[parts.joined(separator: "-")] { return found }
                parts.removeLast()
            }
        }
        return catalogues[Catalogue.last]
    }

    /// Values without the characters that must not be shown, from wherever they come.
    private static func shown(_ json: JSON) -> JSON {
        switch json {
        case .string(let text): .string(ShownText.cleaned(text))
        case .array(let elements): .array(elements.map(shown))
        case .object(let members): .object(members.map { JSON.Member($0.name, shown($0.value)) })
        default: json
        }
    }

    /// A JSON value converted for the template library.
    private static func plain(_ json: JSON) -> Any {
        switch json {
        case .null: return Optional<String>.none as Any
        case .bool(let value): return value
        case .integer(let number): return number
        case .number(let number): return number
        case .string(let text): return text
        case .array(let elements): return elements.map(plain)
        case .object(let members):
            // An empty string would count as true in a section.
            let kept = members.filter { $0.value != .null && $0.value != "" }
            return Dictionary(kept.map { ($0.name, plain($0.value)) }, uniquingKeysWith: { first, _ in first })
        @unknown default: return ""
        }
    }
}

extension PageAsset {
    fileprivate init(value: String, file: String, type: String, _ files: PageFiles) throws {
        self.init(value: value, file: file, type: type, marking: Array(try files.text(file).utf8))
    }

    /// Creates an asset whose file name contains a hash of its content, so that browsers may cache it for ever.
    init(value: String, file: String, type: String, marking bytes: [UInt8]) {
        // FNV-1a is good enough to tell two versions apart.
        let mark = bytes.reduce(UInt64(0xcbf2_9ce4_8422_2325)) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 }
        let (name, suffix) = file.raw.cut(at: ".") ?? (file.raw, "")
        let marked = "\(name.string)-\(String(mark, radix: 36)).\(suffix.string)"
        self.init(value: value, file: marked, type: type, bytes: bytes)
    }
}

/// The files of the pages: built in, or from a folder that replaces some of them.
struct PageFiles {
    let folder: String?

    /// The names of the server's own templates, and of those that the folder has for plugins' pages.
    var templates: [String] {
        let found = folder.flatMap { try? FileManager.default.contentsOfDirectory(atPath: $0) } ?? []
        let more = found.filter { $0.raw.ends(with: ".mustache") }.map { $0.raw.dropLast(9).string }
        return PageFiles.names + more.filter { !PageFiles.names.contains($0) }.sorted()
    }

    static let names = [
        "client", "consent", "error", "foot", "form_post", "head", "landing", "problem", "scope", "sealed", "sent_back",
        "sign_in",
        "signed_out",
    ]

    /// The built-in files; part of the program, so that it can be moved.
    private static let own: [String: [UInt8]] = [
        "client.mustache": PackageResources.client_mustache, "consent.mustache": PackageResources.consent_mustache,
        "error.mustache": PackageResources.error_mustache, "foot.mustache": PackageResources.foot_mustache,
        "form_post.mustache": PackageResources.form_post_mustache, "head.mustache": PackageResources.head_mustache,
        "landing.mustache": PackageResources.landing_mustache,
        "problem.mustache": PackageResources.problem_mustache, "icon.svg": PackageResources.icon_svg,
        "scope.mustache": PackageResources.scope_mustache, "sealed.mustache": PackageResources.sealed_mustache,
        "sent_back.mustache": PackageResources.sent_back_mustache,
        "sign_in.mustache": PackageResources.sign_in_mustache,
        "signed_out.mustache": PackageResources.signed_out_mustache,
        "style.css": PackageResources.style_css, "form_post.js": PackageResources.form_post_js,
        "frames.js": PackageResources.frames_js,
        "text/en.json": PackageResources.en_json, "text/de.json": PackageResources.de_json,
    ]

    private func replacement(_ name: String) -> Data? {
        folder.flatMap { FileManager.default.contents(atPath: "\($0)/\(name)") }
    }

    /// The name of a file in messages.
    func place(_ name: String) -> String {
        replacement(name) == nil ? name : "\(folder ?? "")/\(name)"
    }

    func text(_ name: String) throws -> String {
        let bytes = replacement(name).map(Array.init) ?? PageFiles.own[name]
        guard let bytes, let text = String(validating: bytes, as: UTF8.self) else {
            throw Pages.Problem(description: "\(place(name)): the file is not UTF-8 text")
        }
        return text
    }

    /// The server's own languages, followed by those for which the folder has a catalogue.
    var languages: [String] {
        let own = [Catalogue.last, "de"]
        return own + found.filter { !own.contains($0.raw.lowercased()) }
    }

    /// The languages for which the folder has a catalogue, as spelled in its file names; other files are ignored.
    private var found: [String] {
        let files = folder.flatMap { try? FileManager.default.contentsOfDirectory(atPath: "\($0)/text") } ?? []
        let names = files.filter { $0.raw.ends(with: ".json") }.map { $0.raw.dropLast(5).string }
        return names.filter { $0.raw.isLanguageTag }.sorted()
    }

    /// Refuses two catalogues whose names differ only in case, which is not significant (RFC 5646 section 2.1.1): one
    /// of them would be lost.
    ///
    /// - Throws: `Pages.Problem`.
    func checkLanguages() throws {
        var known: [String: String] = [:]
        for name in found {
            guard let other = known.updateValue(name, forKey: name.raw.lowercased()) else { continue }
            let files = [other, name].map { "'text/\($0).json'" }.joined(separator: " and ")
            throw Pages.Problem(description: "\(folder ?? ""): \(files) have the same language; keep one of them")
        }
    }

    /// The strings of a language; a file need not have every text.
    func texts(_ language: String) throws -> [String: String] {
        let name = "text/\(language).json"
        var texts = try PageFiles.own[name].map { try PageFiles.texts($0, name) } ?? [:]
        guard replacement(name) != nil else { return texts }
        texts.merge(try PageFiles.texts(Array(text(name).utf8), place(name))) { _, changed in changed }
        return texts
    }

    /// The scopes for which the server has its own strings, in the order of its English catalogue.
    func scopes() throws -> [String] {
        let own =
            try PageFiles.own["text/\(Catalogue.last).json"].map { try JSON(parsing: $0).members.map(\.name) } ?? []
        return own.compactMap { key in
            key.raw.starts(with: "scope_") && key.raw.ends(with: "_title")
                ? key.raw.dropFirst(6).dropLast(6).string : nil
        }
    }

    private static func texts(_ bytes: [UInt8], _ place: String) throws -> [String: String] {
        guard let json = try? JSON(parsing: bytes), case .object(let members) = json else {
            throw Pages.Problem(description: "\(place): the file must be a JSON object of strings")
        }
        return Dictionary(
            members.compactMap { member in member.value.string.map { (member.name, $0) } },
            uniquingKeysWith: { first, _ in first })
    }
}
