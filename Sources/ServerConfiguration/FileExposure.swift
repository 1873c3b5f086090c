// SPDX-License-Identifier: Apache-2.0

/// What others on the machine may do with a file that holds a private key.
public struct FileExposure: Sendable, Equatable {
    /// Whether they may write it; else they may read it.
    private let isWritable: Bool
    /// What takes it away, as `chmod` reads it.
    private let mode: String

    /// Judges the permissions of a file, or gives nil if they are as they should be.
    ///
    /// A group may read what belongs to root: so an operator hands a key to the server's user, who cannot change it.
    ///
    /// - Parameters:
    ///   - permissions: The bits of the file's mode.
    ///   - owner: The id of the user whom it belongs to.
    public init?(permissions: Int, owner: Int) {
        let isRoots = owner == 0
        isWritable = permissions & 0o022 != 0
        mode = isRoots ? "g-wx,o=" : "go="
        guard isWritable || permissions & (isRoots ? 0o004 : 0o044) != 0 else { return nil }
    }

    /// What is wrong.
    public func message(_ name: String) -> String {
        "others on this machine can \(isWritable ? "change" : "read") the key in '\(name)'"
    }

    /// What to do.
    public func note(_ name: String) -> String {
        "take that away: chmod \(mode) '\(name)'"
    }
}
