// SPDX-License-Identifier: Apache-2.0

/// The result of an interaction with a purpose.
public struct PurposeAnswer: Sendable {
    /// The page to show, which must not have a form.
    ///
    /// The core keeps its name and values for a short time, so that the same page appears if a button is pressed twice.
    public var page: Page
    /// Writes to collections of the purpose's plugin, which the core commits before it shows the page.
    public var writes: [StoreWrite]

    /// Makes a result.
    ///
    /// - Parameters:
    ///   - page: The page to show.
    ///   - writes: Writes that the core commits before it shows the page.
    public init(_ page: Page, writes: [StoreWrite] = []) {
        self.page = page
        self.writes = writes
    }
}
