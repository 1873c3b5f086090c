// SPDX-License-Identifier: Apache-2.0

/// A page that only the core renders; a plugin names it and gives its values.
public struct Page: Sendable {
    /// The name of the page's template.
    public var name: String
    /// What the template shows; texts are escaped where they are shown.
    public var values: JSON
    /// What the step gets back with what the person submits; sealed, so nobody can read or change it on the way.
    public var kept: JSON?
    /// Addresses outside of this server that its forms may lead to in the end.
    public var destinations: [String] = []
    /// Addresses of other sites that it loads in frames, which nobody sees; the core lists them as `frames`.
    public var frames: [String] = []

    /// Makes a page.
    public init(_ name: String, _ values: JSON = [:], kept: JSON? = nil) {
        self.name = name
        self.values = values
        self.kept = kept
    }
}
