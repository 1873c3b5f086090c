// SPDX-License-Identifier: Apache-2.0

/// The end of an interaction that did not begin at the authorization endpoint.
public struct PurposeAnswer: Sendable {
    /// The page to show, without a form; the core keeps name and values for a moment, so that a button pressed twice
    /// shows it twice.
    public var page: Page
    /// What the core commits before it shows the page, to collections of the purpose's plugin.
    public var writes: [StoreWrite]

    /// Makes an answer.
    ///
    /// - Parameters:
    ///   - page: The page to show.
    ///   - writes: What the core commits before it shows the page.
    public init(_ page: Page, writes: [StoreWrite] = []) {
        self.page = page
        self.writes = writes
    }
}
