// SPDX-License-Identifier: Apache-2.0

import Foundation

/// Races, which prove more the more often they are run.
public enum Races {
    /// The number of rounds: 20, or the value of `GRANTOR_KILL_ROUNDS`.
    public static let rounds = Int(ProcessInfo.processInfo.environment["GRANTOR_KILL_ROUNDS"] ?? "") ?? 20
}
