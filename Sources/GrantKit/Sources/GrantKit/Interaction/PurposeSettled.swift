// SPDX-License-Identifier: Apache-2.0

/// The error of a purpose that already has its result, for example from another tab.
///
/// The core shows the page, which tells the user the result, and commits nothing.
public struct PurposeSettled: Error, Sendable {
    /// The page to show, which must not have a form.
    public var page: Page

    /// Makes an error.
    ///
    /// - Parameter page: The page to show.
    public init(_ page: Page) {
        self.page = page
    }
}
