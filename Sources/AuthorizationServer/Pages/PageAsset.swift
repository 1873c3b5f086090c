// SPDX-License-Identifier: Apache-2.0

/// A file that pages refer to.
public struct PageAsset: Sendable {
    /// The value under which pages get its address.
    public var value: String
    /// Its name, which changes with its content.
    public var file: String
    /// Its media type.
    public var type: String
    /// Its content.
    public var bytes: [UInt8]

    /// A picture may hold scripts, which must not run where somebody opens it by itself.
    static let policy = (
        name: "content-security-policy", value: "default-src 'none'; style-src 'unsafe-inline'; sandbox"
    )

    /// Describes a file.
    public init(value: String, file: String, type: String, bytes: [UInt8]) {
        self.value = value
        self.file = file
        self.type = type
        self.bytes = bytes
    }
}
