// SPDX-License-Identifier: Apache-2.0

/// A page as it is sent.
public struct RenderedPage: Sendable {
    /// The HTML, in UTF-8.
    public var html: [UInt8]
    /// The language that it is in.
    public var language: String

    /// Makes a page.
    public init(html: [UInt8], language: String) {
        self.html = html
        self.language = language
    }
}
