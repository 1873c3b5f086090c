// SPDX-License-Identifier: Apache-2.0

@_spi(Host) package import GrantKit

/// Turns pages into HTML; templates and strings come from outside the core.
package protocol PageRenderer: Sendable {
    /// Renders a page.
    ///
    /// - Parameters:
    ///   - page: The page's name.
    ///   - values: The values to show; every string is escaped.
    ///   - languages: The languages that the user reads, most preferred first.
    /// - Returns: The page in the first of these languages that exists, otherwise in English.
    /// - Throws: An error if there is no such page.
    func render(_ page: String, _ values: JSON, in languages: [String]) throws -> RenderedPage

    /// The files that pages refer to.
    var assets: [PageAsset] { get }

    /// Returns a renderer with these pages and those of plugins, unless the deployment replaces them.
    ///
    /// - Throws: An error that says what is wrong with a page.
    func adding(_ pages: [PageTemplate]) throws -> any PageRenderer
}

extension PageRenderer {
    /// Ignores the pages of plugins.
    package func adding(_ pages: [PageTemplate]) throws -> any PageRenderer { self }
}
