// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// A page that a plugin shows, checked as a server does it.
struct ShownPage {
    let page: Page
    let plugin: TestPlugin

    /// Checks that there is such a page, and that its values have names that it may set.
    ///
    /// - Parameters:
    ///   - part: What shows it.
    ///   - more: Further values that the server sets in such a page.
    /// - Throws: `HostRefusal`.
    func check(_ part: String, besides more: [String] = []) throws {
        let isKnown = plugin.registry.pages.contains { $0.name == page.name } || ServerPages.shown.contains(page.name)
        guard isKnown else {
            throw HostRefusal(
                "\(part) shows the page '\(page.name)', which the plugin has not added: add it with "
                    + "registry.add(page:template:texts:) in register")
        }
        let own = ServerPages.values + more
        guard let taken = page.values.members.first(where: { own.contains($0.name) }) else { return }
        throw HostRefusal(
            "\(part) shows the page '\(page.name)' with a value named '\(taken.name)', which the server sets itself: "
                + "rename it")
    }
}
