// SPDX-License-Identifier: Apache-2.0

package import GrantKit

/// What answers the calls of stand-ins: the processes of a plugin, or its library with the C interface.
package protocol PluginCaller: Sendable {
    /// The host that the core lends to the plugin.
    var host: any PluginHost { get }

    /// Calls a role of the plugin.
    ///
    /// - Parameters:
    ///   - function: The function of the protocol.
    ///   - role: The place of the role in its list in the description.
    ///   - input: The input.
    ///   - limit: The deadline; nil for that of calls that belong to requests.
    /// - Returns: The output.
    /// - Throws: What the plugin throws; `PluginUnavailable`.
    func output(of function: String, role: Int, _ input: JSON, within limit: Duration?) async throws -> JSON

    /// Has the plugin check values of client attributes; it need not be started.
    ///
    /// - Parameter input: The input of `check_attributes`.
    /// - Returns: The output.
    /// - Throws: What the plugin throws; `PluginUnavailable`.
    func checkAttributes(_ input: JSON) async throws -> JSON
}
