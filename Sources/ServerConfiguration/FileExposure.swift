// SPDX-License-Identifier: Apache-2.0

/// Excessive permissions of a file that contains a private key, or certificates to trust.
public struct FileExposure: Sendable, Equatable {
    /// What other users may do with which content.
    private let problem: String
    /// The mode for `chmod` that removes the excessive permissions.
    private let mode: String

    /// Checks the permissions of a file with a private key; nil if they are not excessive.
    ///
    /// The group may read a file that belongs to root: this is how an operator gives the server a key that it cannot
    /// change.
    ///
    /// - Parameters:
    ///   - permissions: The bits of the file's mode.
    ///   - owner: The id of the user who owns the file.
    public init?(permissions: Int, owner: Int) {
        let isRoots = owner == 0
        let isWritable = permissions & 0o022 != 0
        problem = isWritable ? "change the key" : "read the key"
        mode = isRoots ? "g-wx,o=" : "go="
        guard isWritable || permissions & (isRoots ? 0o004 : 0o044) != 0 else { return nil }
    }

    /// Checks the permissions of a file with certificates to trust, which others may read but not change; nil if they
    /// are not excessive.
    ///
    /// - Parameter permissions: The bits of the file's mode.
    public init?(ofCertificates permissions: Int) {
        (problem, mode) = ("change the certificates", "go-w")
        guard permissions & 0o022 != 0 else { return nil }
    }

    /// What is wrong.
    public func message(_ name: String) -> String {
        "other users of this machine can \(problem) in '\(name)'"
    }

    /// What to do about it.
    public func note(_ name: String) -> String {
        "run: chmod \(mode) '\(name)'"
    }
}
