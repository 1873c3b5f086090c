// SPDX-License-Identifier: Apache-2.0

/// What a purpose throws if it already has its result, for example from another tab: a page tells the user which.
///
/// The core shows the page and commits nothing.
public struct PurposeSettled: Error, Sendable {
    /// The page to show, without a form.
    public var page: Page

    /// Makes an error.
    ///
    /// - Parameter page: The page to show.
    public init(_ page: Page) {
        self.page = page
    }
}
