// SPDX-License-Identifier: Apache-2.0

/// A step from a document's root to a value.
public enum PathStep: Sendable, Hashable {
    /// Into a mapping.
    case key(String)
    /// Into a list, from 0.
    case element(Int)
}
