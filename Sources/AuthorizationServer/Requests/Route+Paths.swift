// SPDX-License-Identifier: Apache-2.0

public import GrantKit
import OutsideText

extension Route {
    /// The path below the base path or the issuer, with `/.well-known` if it is there.
    public var pathBelowBase: String { base == .wellKnown ? "/.well-known\(path)" : path }

    /// The path without its leading slash, for the log and the metrics.
    var name: String { pathBelowBase.raw.dropFirst().string }

    /// The path that no other route can have.
    var claim: String { PathPattern(pathBelowBase).unnamed }
}
