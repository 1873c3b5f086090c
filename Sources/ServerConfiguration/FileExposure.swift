// SPDX-License-Identifier: Apache-2.0

/// Excessive permissions of a file that contains a private key.
public struct FileExposure: Sendable, Equatable {
    /// Whether other users may write the file; if not, they may read it.
    private let isWritable: Bool
    /// The mode for `chmod` that removes the excessive permissions.
    private let mode: String

    /// Checks the permissions of a file; nil if they are not excessive.
    ///
    /// The group may read a file that belongs to root: this is how an operator gives the server a key that it cannot
    /// change.
    ///
    /// - Parameters:
    ///   - permissions: The bits of the file's mode.
    ///   - owner: The id of the user who owns the file.
    public init?(permissions: Int, owner: Int) {
        let isRoots = owner == 0
        isWritable = permissions & 0o022 != 0
        mode = isRoots ? "g-wx,o=" : "go="
        guard isWritable || permissions & (isRoots ? 0o004 : 0o044) != 0 else { return nil }
    }

    /// What is wrong.
    public func message(_ name: String) -> String {
        "other users of this machine can \(isWritable ? "change" : "read") the key in '\(name)'"
    }

    /// What to do about it.
    public func note(_ name: String) -> String {
        "run: chmod \(mode) '\(name)'"
    }
}
