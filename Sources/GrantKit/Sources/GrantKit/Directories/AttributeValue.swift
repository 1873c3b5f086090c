// SPDX-License-Identifier: Apache-2.0

/// A value that a client's document has for an attribute.
@_spi(Host)
public struct AttributeValue: Sendable, Hashable {
    /// The attribute's name.
    public let name: String
    /// The part of a client's document where it is written.
    public let level: AttributeLevel
    /// The value.
    public let value: JSON

    /// Describes a value of an attribute.
    public init(_ name: String, at level: AttributeLevel, _ value: JSON) {
        self.name = name
        self.level = level
        self.value = value
    }
}
