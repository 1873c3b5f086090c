// SPDX-License-Identifier: Apache-2.0

public import GrantKit

extension PluginUnderTest {
    /// The same plugin with a request that one of its authenticators accepts.
    ///
    /// - Parameters:
    ///   - client: The client that authenticates, with its keys and attributes in its document.
    ///   - parameters: Makes the parameters, a new request at each call.
    /// - Returns: The plugin with the request.
    public func authenticating(_ client: Client, _ parameters: @escaping Parameters) -> PluginUnderTest {
        var copy = self
        copy.authenticated = (client, parameters)
        return copy
    }
}
