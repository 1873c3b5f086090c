// SPDX-License-Identifier: Apache-2.0

/// A rendered page.
public struct RenderedPage: Sendable {
    /// The HTML, in UTF-8.
    public var html: [UInt8]
    /// The language of the page.
    public var language: String

    /// Creates a page.
    public init(html: [UInt8], language: String) {
        self.html = html
        self.language = language
    }
}
