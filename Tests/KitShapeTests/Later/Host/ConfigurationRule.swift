// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// The whole configuration, as a rule sees it: no plugins by name, but what all of them together offer.
struct ConfigurationView: Sendable {
    /// The clients of the configuration.
    var clients: [Client]
    /// The metadata that the server would publish.
    var metadata: JSON
}

/// A problem in the configuration.
struct ConfigurationProblem: Sendable, Hashable {
    var client: String?
    /// What is wrong and what to do.
    var message: String
    /// Whether the server starts anyway.
    var isWarning = false
}

/// Checks what no setting of one plugin can say, after everything has been read.
protocol ConfigurationRule: LaterRole {
    var name: String { get }
    func problems(in configuration: ConfigurationView) -> [ConfigurationProblem]
}

extension ConfigurationRule {
    var line: String { "rule \(name)" }
}
