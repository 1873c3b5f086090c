// SPDX-License-Identifier: Apache-2.0

import GrantKit
import OutsideText

extension ClientDocument {
    /// The name of the member, under a grant or at the top level for all grants.
    static let redirectURI = "redirect_uri"

    /// Reads the redirect URIs by the key of their grant (RFC 6749 section 3.1.2.2).
    mutating func readRedirects(_ grants: [GrantDeclaration]) -> [String: [RedirectURI]] {
        // If a plugin could not be loaded, it may be the one that needs redirect URIs.
        guard !capabilities.flows.isEmpty || !capabilities.isComplete else { return [:] }
        let common =
            document[ClientDocument.redirectURI].map { read($0, at: path.key(ClientDocument.redirectURI)) } ?? []
        var redirects: [String: [RedirectURI]] = [:]
        let flowGrants = Set(capabilities.flows.map(\.role.grant))
        for grant in capabilities.declarations where flowGrants.contains(grant) {
            let place = path.key("auth").key(grant.key).key(ClientDocument.redirectURI)
            let own = document["auth"]?[grant.key]?[ClientDocument.redirectURI].map { read($0, at: place) }
            guard grants.contains(grant) else { continue }
            redirects[grant.key] = own ?? common
            if own == nil, document[ClientDocument.redirectURI] == nil {
                report(
                    path, "\(label) may use '\(grant.key)', but registers no 'redirect_uri'",
                    note: .text("add it under auth.\(grant.key)"))
            }
        }
        return redirects
    }

    /// Reads a string, which may list URIs separated by commas, or a list of URIs.
    private mutating func read(_ member: JSON, at place: Path) -> [RedirectURI] {
        guard let entries = [String](setting: member) else {
            report(place, "'\(ClientDocument.redirectURI)' must be \([String].expectation)")
            return []
        }
        let isText = member.string != nil
        let texts =
            isText ? entries.flatMap { $0.raw.split(at: ",").map { $0.trimmed().string } } : entries
        guard !texts.isEmpty else {
            report(place, "'\(ClientDocument.redirectURI)' lists no URI")
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
                    place, "anyone on the network can read what is sent to '\(text)'",
                    note: .text("use https (RFC 9700 section 2.6)"))
                return nil
            }
            guard let taken = uri.parameters.first(where: capabilities.answerMembers.contains) else { return uri }
            report(
                place, "the redirect URI '\(text)' has the parameter '\(taken)', which responses carry too",
                note: .text("remove it; a request can send its own 'state', which is returned"))
            return nil
        } catch {
            // What precedes an at sign may be a password.
            let shown = text.raw.contains("@") ? "it" : "'\(text)'"
            report(place, "\(shown) is not a redirect URI: \(error)")
            return nil
        }
    }

    /// The origins whose scripts may read responses to the client, normalized as browsers send them.
    static func origins(of document: JSON) -> Set<String> {
        Set((document["allowed_origins"]?.strings ?? []).compactMap { try? RedirectURI($0).browserOrigin })
    }

    /// Checks a URL that a page links to.
    mutating func checkAddress(_ name: String) {
        guard let member = document[name] else { return }
        guard let text = member.string, let uri = try? RedirectURI(text), uri.isSecure || uri.isOnThisMachine else {
            report(path.key(name), "'\(name)' must be an https URL", note: .text("such as https://app.example.com"))
            return
        }
    }
}

extension Capabilities {
    /// The parameters that authorization responses may contain.
    ///
    /// A redirect URI that contains one of them would make it appear twice, and clients differ in which of the two they
    /// use (RFC 6749 sections 3.1 and 4.1.2).
    static func answerMembers(
        _ extensions: [any ResponseExtension], _ flows: [any AuthorizationFlow]
    ) -> Set<String> {
        let own = ["state", "iss", "error", "error_description", "error_uri", "response"] + NameClaims.responseMembers
        return Set(own + extensions.flatMap(\.members) + flows.map(\.word))
    }
}

extension RedirectURI {
    /// The value of the header `Origin` for a page at this URI (RFC 6454 section 6.2), without a default port.
    var browserOrigin: String {
        let port = isSecure ? ":443" : ":80"
        guard origin.raw.ends(with: port) else { return origin }
        return origin.raw.dropLast(port.utf8.count).string
    }
}
