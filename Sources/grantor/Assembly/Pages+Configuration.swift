// SPDX-License-Identifier: Apache-2.0

import AuthorizationServer
import ServerConfiguration
import ServerHTTP

extension Pages {
    /// Reads the pages with the settings of a configuration and the content of its logo.
    ///
    /// - Throws: `Pages.Problem`.
    init(_ pages: Configuration.Pages, logo: PageAsset?) throws {
        var branding = Branding()
        branding.name = pages.name
        branding.logo = logo
        branding.help = pages.help
        branding.forgotPassword = pages.forgotPassword
        branding.scopes = pages.scopes.map { Branding.ScopeText($0.scope, title: $0.title, detail: $0.detail) }
        try self.init(replacedBy: pages.folder, branding: branding)
    }
}
