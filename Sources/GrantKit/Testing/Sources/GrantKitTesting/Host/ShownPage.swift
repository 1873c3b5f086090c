// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// A page that a plugin shows, checked as a server does it.
struct ShownPage {
    let page: Page
    let plugin: TestPlugin

    /// Checks that there is such a page, and that its values have names that it may set.
    ///
    /// - Parameter part: What shows it.
    /// - Throws: `HostRefusal`.
    func check(_ part: String) throws {
        let isKnown = plugin.registry.pages.contains { $0.name == page.name } || ServerPages.shown.contains(page.name)
        guard isKnown else {
            throw HostRefusal(
                "\(part) shows the page '\(page.name)', which the plugin has not added: "
                    + "add registry.add(page:template:texts:) in register")
        }
        guard let taken = page.values.members.first(where: { ServerPages.values.contains($0.name) }) else { return }
        throw HostRefusal(
            "\(part) shows the page '\(page.name)' with a value named '\(taken.name)', which the server sets itself: "
                + "rename it")
    }
}
