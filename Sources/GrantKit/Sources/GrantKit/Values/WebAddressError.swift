// SPDX-License-Identifier: Apache-2.0

/// What is wrong with an address.
public struct WebAddressError: Error, Sendable, CustomStringConvertible {
    /// What is wrong, behind the name of the address: "it must be ...".
    public let description: String

    init(_ description: String) {
        self.description = description
    }
}
