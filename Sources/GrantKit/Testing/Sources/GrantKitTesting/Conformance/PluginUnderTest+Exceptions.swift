// SPDX-License-Identifier: Apache-2.0

extension PluginUnderTest {
    /// The rules that do not apply, because the author has said so.
    struct Exceptions: Sendable {
        /// Whether what a store of the plugin keeps ends with the plugin.
        var isForgetful = false
        /// The steps that ask in each request of a session.
        var repeatedSteps: [String] = []
        /// Whether grants are for users of other servers too.
        var knowsForeignUsers = false
    }

    /// The same plugin, whose store loses everything when the plugin ends: for stores that are meant for tests.
    ///
    /// - Returns: The plugin, whose store is not checked for what it has kept after a restart.
    public func forgetting() -> PluginUnderTest {
        var copy = self
        copy.exceptions.isForgetful = true
        return copy
    }

    /// The same plugin, one of whose steps asks in each request of a session.
    ///
    /// An example is a PIN that confirms each payment.
    ///
    /// - Parameter step: The step's name.
    /// - Returns: The plugin, whose step may ask again for what the session has proven before.
    public func repeating(_ step: String) -> PluginUnderTest {
        var copy = self
        copy.exceptions.repeatedSteps.append(step)
        return copy
    }

    /// The same plugin, whose grants are also for users that the directory does not know.
    ///
    /// An example are the users of another server, whose tokens the plugin accepts.
    ///
    /// - Returns: The plugin, whose grants may name any user.
    public func grantingToForeignUsers() -> PluginUnderTest {
        var copy = self
        copy.exceptions.knowsForeignUsers = true
        return copy
    }
}
