// SPDX-License-Identifier: Apache-2.0

import Glibc

/// What an operator should know about a database before the server relies on it.
enum ServerCheck {
    /// The largest difference between the clocks, in seconds, that is not worth a warning.
    private static let clockTolerance = 2.0

    /// Asks the server.
    ///
    /// - Returns: Sentences for the log.
    /// - Throws: `Failure`.
    static func warnings(_ connection: Connection) throws(Failure) -> [String] {
        let answer = try connection.run(
            """
            SELECT current_setting('fsync') = 'off' OR current_setting('full_page_writes') = 'off',
            current_setting('synchronous_standby_names') = '' AND EXISTS (SELECT FROM pg_stat_replication),
            extract(epoch FROM clock_timestamp())
            """)
        var warnings: [String] = []
        if answer.text(0, 0) == "t" {
            warnings.append("the database can lose what it has committed; set 'fsync' and 'full_page_writes' to on")
        }
        if answer.text(0, 1) == "t" {
            warnings.append(
                "the database replicates asynchronously, so a failover can lose revocations; set "
                    + "'synchronous_standby_names'")
        }
        if let clock = answer.text(0, 2).flatMap({ Double($0) }), abs(clock - now) > clockTolerance {
            warnings.append("the clock of the database is not that of this machine; synchronize both")
        }
        return warnings
    }

    /// The time of this machine in seconds, with fractions.
    private static var now: Double {
        // Safe: the call writes one structure.
        var time = timespec()
        _ = unsafe clock_gettime(CLOCK_REALTIME, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
    }
}
