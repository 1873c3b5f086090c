// SPDX-License-Identifier: Apache-2.0

@_spi(Host) import GrantKit

/// A page that a plugin adds.
public struct RegisteredPage: Sendable, Hashable {
    /// The page's name.
    public let name: String
    /// The Mustache template.
    public let template: String
    /// The strings, by the tag of their language (RFC 5646) and then by their key.
    public let texts: [String: [String: String]]

    init(_ page: PageTemplate) {
        (name, template, texts) = (page.name, page.template, page.texts)
    }
}
