// SPDX-License-Identifier: Apache-2.0

public import GrantKit

extension PluginUnderTest {
    /// The same plugin with some parameters of the requests to one of its grants.
    ///
    /// All other parameters have the values of their examples.
    ///
    /// - Parameters:
    ///   - grantType: The grant's value of `grant_type`.
    ///   - given: The parameters.
    /// - Returns: The plugin with the parameters.
    public func accepting(_ grantType: String, with given: GrantKit.Parameters) -> PluginUnderTest {
        accepting(grantType) { plugin in
            let grant = plugin.registry.grants.first { $0.declaration.wire == grantType }
            let examples = ExampleParameters(random: plugin.host.random).parameters(grant?.parameters ?? [])
            let others = examples.all.filter { example in !given.all.contains { $0.name == example.name } }
            return GrantKit.Parameters(others + given.all)
        }
    }
}
