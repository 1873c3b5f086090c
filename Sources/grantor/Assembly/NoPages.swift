// SPDX-License-Identifier: Apache-2.0

import AuthorizationServer
import GrantKit

/// Stands in for the pages of commands that show none, and of a server that does not start for what is wrong with its own.
struct NoPages: PageRenderer {
    let assets: [PageAsset] = []

    func render(_ page: String, _ values: JSON, in languages: [String]) throws -> RenderedPage {
        throw ConfigurationError("there are no pages")
    }
}
