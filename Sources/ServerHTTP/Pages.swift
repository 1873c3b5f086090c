// SPDX-License-Identifier: Apache-2.0

public import AuthorizationServer
import Foundation
public import GrantKit
import Mustache

/// The pages that people see: templates, texts and a style, which a deployment's own folder may replace one by one.
public struct Pages: PageRenderer {
    /// What is wrong with a page, and where.
    public struct Problem: Error, CustomStringConvertible {
        /// The file and what is wrong with it.
        public let description: String
    }

    private var library: MustacheLibrary
    private var texts: [String: String]
    /// The files that pages refer to.
    public let assets: [PageAsset]

    /// The pages of this server, with those of a folder in their places.
    ///
    /// - Parameter folder: A folder of files with the names of the pages' own: `sign_in.mustache`, `style.css`,
    ///   `text/en.json` and so on; each of them is optional.
    /// - Throws: `Problem`.
    public init(replacedBy folder: String? = nil) throws {
        let files = PageFiles(folder: folder)
        var library = MustacheLibrary()
        for name in files.templates {
            let text = try files.text("\(name).mustache")
            do {
                try library.register(text, named: name)
            } catch {
                throw Problem(description: "\(files.place("\(name).mustache")): \(error)")
            }
        }
        self.library = library
        texts = try files.texts("en")
        assets = try [
            PageAsset(value: "style", file: "style.css", type: "text/css; charset=utf-8", files),
            PageAsset(value: "script", file: "form_post.js", type: "text/javascript; charset=utf-8", files),
            PageAsset(value: "frames_script", file: "frames.js", type: "text/javascript; charset=utf-8", files),
        ]
    }

    /// These pages and those of plugins; what the folder has by a plugin's name was put in its place.
    public func adding(_ pages: [PageTemplate]) throws -> any PageRenderer {
        var all = self
        for page in pages {
            guard !PageFiles.names.contains(page.name) else {
                throw Problem(description: "'\(page.name)' is a page of the server itself")
            }
            if library.getTemplate(named: page.name) == nil {
                do {
                    try all.library.register(page.template, named: page.name)
                } catch {
                    throw Problem(description: "the page '\(page.name)': \(error)")
                }
            }
            all.texts.merge(page.texts["en"] ?? [:]) { replaced, _ in replaced }
        }
        return all
    }

    /// The HTML of a page.
    public func render(_ page: String, _ values: JSON) throws -> [UInt8] {
        var all = Pages.plain(resolve(page, values)) as? [String: Any] ?? [:]
        all["text"] = texts
        all["lang"] = "en"
        all["dir"] = texts["direction"] ?? "ltr"
        guard let html = library.render(all, withTemplate: page) else {
            throw Problem(description: "there is no page '\(page)'")
        }
        return Array(html.utf8)
    }

    // MARK: texts

    /// Puts texts of the catalogue where the core and plugins gave their keys.
    private func resolve(_ page: String, _ values: JSON) -> JSON {
        var values = values
        let kind = values["kind"]?.string.map { $0.isEmpty ? page : "\(page)_\($0)" } ?? page
        values["title"] = values["title"] ?? text("\(kind)_title") ?? text("\(page)_title")
        values["message"] = values["message"] ?? text("\(kind)_message") ?? text("\(page)_message")
        if let problem = values["problem"]?.string {
            values["problem"] = ["message": text("problem_\(problem)") ?? .string(problem)]
        }
        values = describeScopes(values)
        if let items = values["items"]?.elements { values["items"] = .array(items.map(describeScopes)) }
        return values
    }

    private func describeScopes(_ values: JSON) -> JSON {
        guard let scopes = values["scopes"]?.elements else { return values }
        var values = values
        values["scopes"] = .array(scopes.map(describe))
        return values
    }

    private func text(_ key: String) -> JSON? {
        texts[key].map(JSON.string)
    }

    /// What a scope word means, in the words of the catalogue, or else the word itself.
    private func describe(_ scope: JSON) -> JSON {
        guard let word = scope["word"]?.string else { return scope }
        var scope = scope
        scope["title"] = scope["title"] ?? text("scope_\(word)_title") ?? .string(word)
        scope["detail"] = scope["detail"] ?? text("scope_\(word)_detail")
        return scope
    }

    /// What the template library looks into.
    private static func plain(_ json: JSON) -> Any {
        switch json {
        case .null: return Optional<String>.none as Any
        case .bool(let value): return value
        case .integer(let number): return number
        case .number(let number): return number
        case .string(let text): return text
        case .array(let elements): return elements.map(plain)
        case .object(let members):
            // An empty text would count as something in a section.
            let kept = members.filter { $0.value != .null && $0.value != "" }
            return Dictionary(kept.map { ($0.name, plain($0.value)) }, uniquingKeysWith: { first, _ in first })
        @unknown default: return ""
        }
    }
}

extension PageAsset {
    /// A file whose name carries a mark of its content, so that a browser may keep it for ever.
    fileprivate init(value: String, file: String, type: String, _ files: PageFiles) throws {
        let bytes = Array(try files.text(file).utf8)
        // FNV-1a: enough to tell two versions apart.
        let mark = bytes.reduce(UInt64(0xcbf2_9ce4_8422_2325)) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 }
        let parts = file.split(separator: ".", maxSplits: 1)
        self.init(value: value, file: "\(parts[0])-\(String(mark, radix: 36)).\(parts[1])", type: type, bytes: bytes)
    }
}

/// The files that pages are made of: built in, or out of a folder that replaces some of them.
private struct PageFiles {
    let folder: String?

    /// The server's own, and those that the folder has for the steps of plugins.
    var templates: [String] {
        let found = folder.flatMap { try? FileManager.default.contentsOfDirectory(atPath: $0) } ?? []
        let more = found.filter { $0.hasSuffix(".mustache") }.map { String($0.dropLast(9)) }
        return PageFiles.names + more.filter { !PageFiles.names.contains($0) }.sorted()
    }

    static let names = [
        "client", "consent", "error", "foot", "form_post", "head", "scope", "sealed", "sign_in", "signed_out",
    ]

    /// Built in, so that a program that was moved has its pages with it.
    private static let own: [String: [UInt8]] = [
        "client.mustache": PackageResources.client_mustache, "consent.mustache": PackageResources.consent_mustache,
        "error.mustache": PackageResources.error_mustache, "foot.mustache": PackageResources.foot_mustache,
        "form_post.mustache": PackageResources.form_post_mustache, "head.mustache": PackageResources.head_mustache,
        "scope.mustache": PackageResources.scope_mustache, "sealed.mustache": PackageResources.sealed_mustache,
        "sign_in.mustache": PackageResources.sign_in_mustache,
        "signed_out.mustache": PackageResources.signed_out_mustache,
        "style.css": PackageResources.style_css, "form_post.js": PackageResources.form_post_js,
        "frames.js": PackageResources.frames_js,
        "text/en.json": PackageResources.en_json,
    ]

    private func replacement(_ name: String) -> Data? {
        folder.flatMap { FileManager.default.contents(atPath: "\($0)/\(name)") }
    }

    /// What a message calls a file.
    func place(_ name: String) -> String {
        replacement(name) == nil ? name : "\(folder ?? "")/\(name)"
    }

    func text(_ name: String) throws -> String {
        let bytes = replacement(name).map(Array.init) ?? PageFiles.own[name]
        guard let bytes, let text = String(validating: bytes, as: UTF8.self) else {
            throw Pages.Problem(description: "\(place(name)): it is not UTF-8")
        }
        return text
    }

    /// The catalogue of a language; a replacement need not have every text.
    func texts(_ language: String) throws -> [String: String] {
        let name = "text/\(language).json"
        let own = PageFiles.own[name].flatMap { try? JSON(parsing: $0) } ?? [:]
        var texts = Dictionary(
            own.members.map { ($0.name, $0.value.string ?? "") }, uniquingKeysWith: { first, _ in first })
        guard replacement(name) != nil else { return texts }
        guard let changed = try? JSON(parsing: text(name)), case .object = changed else {
            throw Pages.Problem(description: "\(place(name)): it must be a JSON object of texts")
        }
        for member in changed.members { texts[member.name] = member.value.string }
        return texts
    }
}
