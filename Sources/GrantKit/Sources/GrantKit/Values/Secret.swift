// SPDX-License-Identifier: Apache-2.0

/// A text that must not be shown: it prints as redacted and compares in constant time.
public struct Secret: Sendable, Hashable, CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// The text itself; whoever reads it takes care where it goes.
    public let exposed: String

    /// Wraps a text.
    public init(_ text: String) {
        exposed = text
    }

    /// What stands in a log in place of the text.
    public var description: String { "<redacted>" }

    /// What stands in a debugger in place of the text.
    public var debugDescription: String { description }

    /// A mirror without children, so that a dump shows nothing either.
    public var customMirror: Mirror {
        Mirror(self, children: [])
    }

    /// Whether two texts are equal, in a time that depends on their lengths only.
    public static func == (left: Secret, right: Secret) -> Bool {
        equalInConstantTime(Array(left.exposed.utf8), Array(right.exposed.utf8))
    }
}
