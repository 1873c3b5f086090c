// SPDX-License-Identifier: Apache-2.0

/// The client that a request needs.
public enum ClientRequirement: Sendable, Hashable {
    /// A client that has authenticated.
    case confidential
    /// Any registered client.
    ///
    /// If it has credentials, it must have authenticated.
    case identified
}
