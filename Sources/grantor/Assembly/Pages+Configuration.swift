// SPDX-License-Identifier: Apache-2.0

import ServerConfiguration
import ServerHTTP

extension Pages {
    /// Reads the pages with the settings of a configuration.
    ///
    /// - Throws: `Pages.Problem`.
    init(_ pages: Configuration.Pages) throws {
        var branding = Branding()
        branding.name = pages.name
        branding.logo = try pages.logo.map(LogoFile.read)
        branding.help = pages.help
        branding.forgotPassword = pages.forgotPassword
        branding.scopes = pages.scopes.map { Branding.ScopeText($0.scope, title: $0.title, detail: $0.detail) }
        try self.init(replacedBy: pages.folder, branding: branding)
    }
}
