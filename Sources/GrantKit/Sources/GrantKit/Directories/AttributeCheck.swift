// SPDX-License-Identifier: Apache-2.0

/// Checks the values of client attributes that only the plugin can check, because their types are in another process.
@_spi(Host)
public protocol AttributeCheck: Sendable {
    /// Asks what is wrong with values.
    ///
    /// The plugin need not be started.
    ///
    /// - Parameter values: The values.
    /// - Returns: What is wrong with each value, as the rest of a sentence that begins with the attribute's name; nil for
    ///   one that is accepted.
    /// - Throws: The reason why the plugin cannot say.
    func problems(with values: [AttributeValue]) async throws -> [String?]
}
