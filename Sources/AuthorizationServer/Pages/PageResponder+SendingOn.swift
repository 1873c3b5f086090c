// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// How a browser leaves for another site after a form of this server (decision 0026).
///
/// Browsers hold the `form-action` of a page against every redirect that its form leads to, also those of the site that
/// it ends at. So where a page limits its forms to this server, the redirects end here, on a page that leads on.
extension PageResponder {
    /// A page that leads on by itself, and by a link where the browser wants a person to press something.
    ///
    /// - Parameters:
    ///   - address: Where to, in printable ASCII.
    ///   - redirect: The address without what is added for this answer.
    ///   - languages: The languages that the person reads, the preferred one first.
    /// - Returns: The page.
    /// - Throws: Any error if the page cannot be rendered.
    func sendOn(to address: String, _ redirect: RedirectURI, in languages: [String]) throws -> ServerResponse {
        var values: JSON = ["continue": .string(address)]
        values["redirect_host"] = redirect.isOnThisMachine ? nil : redirect.host.map(JSON.string)
        var response = try render("sent_back", values, PagePolicy(), in: languages)
        // Browsers take it as they take the element `meta`, whatever a deployment's own template has.
        response.headers.append(("refresh", "0;url=\(address)"))
        return response
    }

    /// The same answer, by a page if it is a redirect that leads away from this server.
    func sendingOn(_ answer: ServerResponse, in languages: [String]) throws -> ServerResponse {
        guard answer.status == 303, let address = answer.headers.first(where: { $0.name == "location" })?.value,
            let redirect = try? RedirectURI(address, longest: RedirectURI.longestWithMore),
            redirect.origin != (try? RedirectURI(core.issuer))?.origin
        else { return answer }
        var page = try sendOn(to: address, redirect, in: languages)
        let known = Set(page.headers.map(\.name) + ["location"])
        page.headers += answer.headers.filter { !known.contains($0.name) }
        return page
    }
}
