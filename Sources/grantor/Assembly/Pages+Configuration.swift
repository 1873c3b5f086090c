// SPDX-License-Identifier: Apache-2.0

import ServerConfiguration
import ServerHTTP

extension Pages {
    /// Reads the pages with the settings of a configuration.
    ///
    /// - Throws: `Pages.Problem`.
    init(_ pages: Configuration.Pages) throws {
        var branding = Branding()
        branding.name = pages.name.map(Branding.Text.init)
        branding.logo = try pages.logo.map(LogoFile.read)
        branding.help = pages.help
        branding.forgotPassword = pages.forgotPassword
        branding.scopes = pages.scopes.map { text in
            Branding.ScopeText(text.scope, title: .init(text.title), detail: text.detail.map(Branding.Text.init))
        }
        try self.init(replacedBy: pages.folder, branding: branding)
    }
}

extension Branding.Text {
    fileprivate init(_ text: Configuration.LocalizedText) {
        self.init(text.byLanguage, other: text.other ?? "")
    }
}
