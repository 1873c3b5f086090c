// SPDX-License-Identifier: Apache-2.0

public import GrantKit

/// Turns pages into HTML; templates and texts are not the core's.
public protocol PageRenderer: Sendable {
    /// The HTML of a page.
    ///
    /// - Parameters:
    ///   - page: The page's name.
    ///   - values: What it shows; every text is escaped.
    ///   - languages: The languages that the person reads, the preferred one first.
    /// - Returns: The page, in the first of the languages that there is, or else in English.
    /// - Throws: Any error if there is no such page.
    func render(_ page: String, _ values: JSON, in languages: [String]) throws -> RenderedPage

    /// The files that pages refer to.
    var assets: [PageAsset] { get }

    /// These pages and those of plugins, where a deployment has not put others in their places.
    ///
    /// - Throws: Any error, which says what is wrong with a page.
    func adding(_ pages: [PageTemplate]) throws -> any PageRenderer
}

extension PageRenderer {
    /// The same pages, for a renderer that has none.
    public func adding(_ pages: [PageTemplate]) throws -> any PageRenderer { self }
}
