// SPDX-License-Identifier: Apache-2.0

/// The reason why a URL is not a `WebAddress`.
public struct WebAddressError: Error, Sendable, CustomStringConvertible {
    /// What is wrong, as a clause after the name of the setting or parameter: "it must be ...".
    public let description: String

    init(_ description: String) {
        self.description = description
    }
}
