// SPDX-License-Identifier: Apache-2.0

/// A file that pages refer to.
public struct PageAsset: Sendable {
    /// The name of the value with the file's URL in pages.
    public var value: String
    /// The file's name, which changes with its content.
    public var file: String
    /// The media type.
    public var type: String
    /// The content.
    public var bytes: [UInt8]

    /// A picture may contain scripts, which must not run when someone opens the picture by itself.
    static let policy = (
        name: "content-security-policy", value: "default-src 'none'; style-src 'unsafe-inline'; sandbox"
    )

    /// Creates an asset.
    public init(value: String, file: String, type: String, bytes: [UInt8]) {
        self.value = value
        self.file = file
        self.type = type
        self.bytes = bytes
    }
}
