// SPDX-License-Identifier: Apache-2.0

/// A step on the path from a document's root to a value.
public enum PathStep: Sendable, Hashable {
    /// A key of a mapping.
    case key(String)
    /// An index into a list, from 0.
    case element(Int)
}
