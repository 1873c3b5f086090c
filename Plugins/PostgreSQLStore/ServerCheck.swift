// SPDX-License-Identifier: Apache-2.0

/// What an operator should know about a database before the server relies on it.
enum ServerCheck {
    /// Asks the server.
    ///
    /// - Returns: Sentences for the log.
    /// - Throws: `Failure`.
    static func warnings(_ connection: Connection) throws(Failure) -> [String] {
        let answer = try connection.run(
            """
            SELECT current_setting('fsync') = 'off' OR current_setting('full_page_writes') = 'off',
            current_setting('synchronous_standby_names') = '' AND EXISTS (SELECT FROM pg_stat_replication),
            current_setting('synchronous_standby_names') <> '' AND current_setting('synchronous_commit') = 'local'
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
        if answer.text(0, 2) == "t" {
            warnings.append(
                "commits do not wait for the standby, so a failover can lose revocations; set 'synchronous_commit' to on "
                    + "or remote_apply")
        }
        return warnings
    }

    /// Compares the clocks.
    ///
    /// - Throws: `Failure`.
    static func compare(_ clock: ClockWatch, _ connection: Connection) throws(Failure) {
        let start = clock.uptime
        let answer = try connection.run(Statement.clock.sql)
        guard let time = answer.text(0, 0).flatMap({ Int64($0) }) else { throw .broken("returned no time") }
        clock.take(time, between: start, and: clock.uptime)
    }
}
