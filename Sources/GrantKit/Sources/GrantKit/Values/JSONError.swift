// SPDX-License-Identifier: Apache-2.0

/// The reason why bytes are not valid JSON.
public struct JSONError: Error, Sendable, Equatable {
    /// What is wrong, without quoting the JSON.
    public let message: String
    /// The index of the byte with the mistake, from 0.
    public let offset: Int
}
