// SPDX-License-Identifier: Apache-2.0

import Foundation

/// Races, which prove more the more often they are run.
public enum Races {
    /// How often each is run: 20 times, or as `GRANTOR_KILL_ROUNDS` says.
    public static let rounds = Int(ProcessInfo.processInfo.environment["GRANTOR_KILL_ROUNDS"] ?? "") ?? 20
}
