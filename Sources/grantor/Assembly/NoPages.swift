// SPDX-License-Identifier: Apache-2.0

import AuthorizationServer
import GrantKit

/// Takes the place of the pages in commands that show none, and in a server until it has a generation with pages.
struct NoPages: PageRenderer {
    let assets: [PageAsset] = []

    func render(_ page: String, _ values: JSON, in languages: [String]) throws -> RenderedPage {
        throw ConfigurationError("there are no pages")
    }
}
