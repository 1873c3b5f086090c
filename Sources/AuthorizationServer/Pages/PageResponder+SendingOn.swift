// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// Lets a browser leave for another site after a form of this server (decision 0026).
///
/// Browsers apply the `form-action` of a page to every redirect after its form, including those of the site at which it
/// ends. Therefore, if a page limits its forms to this server, the redirects end here, on a page that leads on.
extension PageResponder {
    /// A page that leads on automatically, or by a link if the browser requires a click.
    ///
    /// - Parameters:
    ///   - address: The URL to go to, in printable ASCII.
    ///   - redirect: The URL without the parameters of this response.
    ///   - languages: The languages that the user reads, most preferred first.
    /// - Returns: The page.
    /// - Throws: An error if the page cannot be rendered.
    func sendOn(to address: String, _ redirect: RedirectURI, in languages: [String]) throws -> ServerResponse {
        var values: JSON = ["continue": .string(address)]
        values["redirect_host"] = redirect.isOnThisMachine ? nil : redirect.host.map(JSON.string)
        var response = try render("sent_back", values, PagePolicy(), in: languages)
        // Browsers treat the header like the element `meta`, whatever the deployment's template contains.
        response.headers.append(("refresh", "0;url=\(address)"))
        return response
    }

    /// Replaces a redirect to another site by a page that leads there.
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
