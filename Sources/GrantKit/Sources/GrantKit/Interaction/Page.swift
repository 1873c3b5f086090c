// SPDX-License-Identifier: Apache-2.0

/// A page: the name of a template and its values.
///
/// Only the core renders pages.
public struct Page: Sendable {
    /// The name of the page's template.
    public var name: String
    /// The values for the template, which escapes strings when it shows them.
    public var values: JSON
    /// A value that the step gets back with the form.
    ///
    /// It passes through the browser sealed, so nobody can read or change it.
    public var kept: JSON?
    /// The URLs on other servers to which its forms may redirect in the end.
    public var destinations: [String] = []
    /// The URLs on other sites that the page loads in invisible frames.
    ///
    /// The template gets them as the value `frames`.
    public var frames: [String] = []

    /// Makes a page.
    ///
    /// - Parameters:
    ///   - name: The name of the page's template.
    ///   - values: The values for the template.
    ///   - kept: A value that the step gets back with the form.
    public init(_ name: String, _ values: JSON = [:], kept: JSON? = nil) {
        self.name = name
        self.values = values
        self.kept = kept
    }
}
