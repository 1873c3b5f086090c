// SPDX-License-Identifier: Apache-2.0

public import GrantKit

/// What follows after a user has allowed or denied what a purpose asks for.
public struct TestDecision: Sendable {
    /// The page that the user sees.
    public let page: Page
    /// The writes that were committed; none if the result was there before.
    public let writes: [StoreWrite]
    /// What the user has allowed; nil after a denial, or if the result was there before.
    public let authorization: Authorization?

    init(page: Page, writes: [StoreWrite] = [], authorization: Authorization? = nil) {
        self.page = page
        self.writes = writes
        self.authorization = authorization
    }
}
