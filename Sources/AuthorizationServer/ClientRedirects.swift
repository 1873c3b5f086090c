// SPDX-License-Identifier: Apache-2.0

import GrantKit

extension ClientDocument {
    /// Where it stands: under a grant, or at the top for all of them.
    static let redirectURI = "redirect_uri"

    /// Where answers to the client may be sent, by the key of the grant (RFC 6749 section 3.1.2.2).
    mutating func readRedirects(_ grants: [GrantDeclaration]) -> [String: [RedirectURI]] {
        guard !capabilities.flows.isEmpty else { return [:] }
        let common =
            document[ClientDocument.redirectURI].map { read($0, at: path.key(ClientDocument.redirectURI)) } ?? []
        var redirects: [String: [RedirectURI]] = [:]
        let flowGrants = Set(capabilities.flows.map(\.grant))
        for grant in capabilities.declarations where flowGrants.contains(grant) {
            let place = path.key("auth").key(grant.key).key(ClientDocument.redirectURI)
            let own = document["auth"]?[grant.key]?[ClientDocument.redirectURI].map { read($0, at: place) }
            guard grants.contains(grant) else { continue }
            redirects[grant.key] = own ?? common
            if own == nil, document[ClientDocument.redirectURI] == nil {
                report(
                    path, "\(label) may use '\(grant.key)' and registers no 'redirect_uri'",
                    note: .text("add it under auth.\(grant.key)"))
            }
        }
        return redirects
    }

    /// A text, several parted by commas, or a list, each of which is one URI.
    private mutating func read(_ member: JSON, at place: Path) -> [RedirectURI] {
        guard let entries = [String](setting: member) else {
            report(place, "'\(ClientDocument.redirectURI)' must be \([String].expectation)")
            return []
        }
        let isText = member.string != nil
        let texts =
            isText ? entries.flatMap { $0.split(separator: ",").map { String($0).trimmingSpaces() } } : entries
        guard !texts.isEmpty else {
            report(place, "'\(ClientDocument.redirectURI)' holds no URI")
            return []
        }
        return texts.enumerated().compactMap { number, text in
            read(text, at: isText ? place : place.element(number))
        }
    }

    private mutating func read(_ text: String, at place: Path) -> RedirectURI? {
        do {
            let uri = try RedirectURI(text)
            if uri.host != nil, !uri.isSecure, !uri.isOnThisMachine {
                report(
                    place, "what is sent to '\(text)' can be read on the way",
                    note: .text("use https (RFC 9700 section 2.6)"))
                return nil
            }
            return uri
        } catch {
            // What stands before an at sign may be a password.
            let shown = text.contains("@") ? "it" : "'\(text)'"
            report(place, "\(shown) is no redirect URI: \(error.message)")
            return nil
        }
    }

    /// An address that a page links to.
    mutating func checkAddress(_ name: String) {
        guard let member = document[name] else { return }
        guard let text = member.string, let uri = try? RedirectURI(text), uri.isSecure || uri.isOnThisMachine else {
            report(path.key(name), "'\(name)' must be an https address", note: .text("such as https://app.example.com"))
            return
        }
    }
}

extension RedirectURI {
    /// Whether only this machine can receive what is sent there.
    var isOnThisMachine: Bool { ["localhost", "127.0.0.1", "[::1]"].contains(host) }
}
