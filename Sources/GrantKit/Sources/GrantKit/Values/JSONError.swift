// SPDX-License-Identifier: Apache-2.0

/// The reason why bytes are not valid JSON.
public struct JSONError: Error, Sendable, Equatable {
    /// What is wrong, without quoting the JSON.
    public let message: String
    /// For the host: the index of the byte with the mistake, from 0.
    @_spi(Host)
    public let offset: Int
}
