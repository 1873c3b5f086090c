// SPDX-License-Identifier: Apache-2.0

/// A string that must not be shown.
///
/// It prints as `<redacted>` and is compared in constant time.
public struct Secret: Sendable, Hashable, CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// The string itself.
    ///
    /// Take care where you pass it.
    public let exposed: String

    /// Wraps a string.
    public init(_ text: String) {
        exposed = text
    }

    /// The string that logs show instead.
    public var description: String { "<redacted>" }

    /// The string that debuggers show instead.
    public var debugDescription: String { description }

    /// A mirror without children, so that `dump` shows nothing either.
    public var customMirror: Mirror {
        Mirror(self, children: [])
    }

    /// Compares two secrets in a time that depends only on their lengths.
    public static func == (left: Secret, right: Secret) -> Bool {
        equalInConstantTime(Array(left.exposed.utf8), Array(right.exposed.utf8))
    }
}
