// SPDX-License-Identifier: Apache-2.0

/// Who must stand behind a request.
public enum ClientRequirement: Sendable, Hashable {
    /// A client that authenticated.
    case confidential
    /// A known client; one that has credentials must have authenticated.
    case identified
}
