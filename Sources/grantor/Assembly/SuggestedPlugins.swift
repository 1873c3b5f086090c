// SPDX-License-Identifier: Apache-2.0

import AuthorizationServer
import GrantKit

/// The plugins that messages suggest where one is missing; a data file names them, so that no code has to.
enum SuggestedPlugins {
    private static let ids = (try? JSON(parsing: PackageResources.suggested_plugins_json)) ?? .null

    /// The id of a plugin for a role.
    static func id(for role: ConfigurationProblem.Role) -> String? { ids[role.rawValue]?.string }
}
