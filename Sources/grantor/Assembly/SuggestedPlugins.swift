// SPDX-License-Identifier: Apache-2.0

import AuthorizationServer
import GrantKit

/// The plugin that a message suggests where one is missing; a file names them, so that no code does.
enum SuggestedPlugins {
    private static let ids = (try? JSON(parsing: PackageResources.suggested_plugins_json)) ?? .null

    /// The id of a plugin that fills a role.
    static func id(for role: ConfigurationProblem.Role) -> String? { ids[role.rawValue]?.string }
}
