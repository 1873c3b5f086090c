// SPDX-License-Identifier: Apache-2.0

/// Why a string is not the JSON it should be.
public struct JSONError: Error, Sendable, Equatable {
    /// What is wrong, in words that quote nothing of the text.
    public let message: String
    /// The byte at which it went wrong, from 0.
    public let offset: Int
}
