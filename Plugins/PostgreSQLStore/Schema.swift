// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// The tables, and how a version of this plugin changes those of the version before.
///
/// Nodes of two versions run at the same time while they are updated one by one. So a step only adds what the version
/// before does not mind. What is no longer used is removed by a later version, in a step whose `readableFrom` is raised.
enum Schema {
    /// The time from which the server counts a record as one that never expires.
    static let never: Int64 = 253_402_300_799

    struct Step {
        let version: Int
        /// The oldest version of this plugin that works with the tables after the step.
        let readableFrom: Int
        let sql: String
    }

    static let steps = [
        Step(
            version: 1, readableFrom: 1,
            sql: """
                CREATE TABLE grantor_schema (version integer NOT NULL, readable_from integer NOT NULL);
                INSERT INTO grantor_schema VALUES (0, 0);
                CREATE TABLE grantor_record (
                    collection bytea NOT NULL, id bytea NOT NULL, value bytea NOT NULL, version bigint NOT NULL,
                    redeemed boolean NOT NULL, expires_at bigint NOT NULL, index_names bytea[] NOT NULL,
                    index_values bytea[] NOT NULL, PRIMARY KEY (collection, id));
                CREATE INDEX grantor_record_by_expiry ON grantor_record (expires_at) WHERE expires_at < \(never);
                CREATE TABLE grantor_index (
                    collection bytea NOT NULL, name bytea NOT NULL, value bytea NOT NULL, id bytea NOT NULL,
                    PRIMARY KEY (collection, name, value, id));
                CREATE TABLE grantor_counter (
                    collection bytea NOT NULL, id bytea NOT NULL, count bigint NOT NULL, expires_at bigint NOT NULL,
                    PRIMARY KEY (collection, id)) WITH (fillfactor = 70);
                CREATE INDEX grantor_counter_by_expiry ON grantor_counter (expires_at);
                """),
        // A node of the version before would not log its changes, so it must not start beside those that rely on it.
        Step(
            version: 2, readableFrom: 2,
            sql: """
                CREATE TABLE grantor_change (
                    number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, mark bigint NOT NULL,
                    collection bytea NOT NULL, id bytea NOT NULL);
                INSERT INTO grantor_change (mark, collection, id) VALUES (\(mark), '', '');
                """),
    ]

    /// A random number, which differs from that of an entry with the same number in a restored database.
    static let mark = "(random() * 9007199254740991)::bigint"

    /// The version of the tables that this plugin makes.
    static var newest: Int { steps.last?.version ?? 0 }

    /// Creates or extends the tables, while no other node does.
    ///
    /// - Throws: `Failure`.
    static func prepare(_ connection: Connection) throws(Failure) {
        guard connection.version >= 130_000 else { throw .broken("is older than PostgreSQL 13; update the server") }
        if let found = try version(connection), found.version >= newest { return try check(found) }
        try connection.run("BEGIN")
        // The number is the lock's name, which every version of this plugin uses; other schemas have other locks.
        try connection.run(
            "SELECT pg_advisory_xact_lock(\(0x6772_616e_746f_7201) # hashtextextended(coalesce(current_schema(), ''), 0))"
        )
        // A statement that waits for a table keeps everybody else from it, so it gives up and the start fails.
        try connection.run("SET LOCAL lock_timeout = '3s'")
        let found = try version(connection)
        for step in steps where step.version > found?.version ?? 0 {
            try connection.run(step.sql)
            try connection.run(
                "UPDATE grantor_schema SET version = \(step.version), readable_from = \(step.readableFrom)")
        }
        try connection.run("COMMIT")
        if let found { try check(found) }
    }

    /// The version of the tables; nil if there are none.
    ///
    /// - Throws: `Failure`.
    static func version(_ connection: Connection) throws(Failure) -> (version: Int, readableFrom: Int)? {
        // A query of the catalog sees what another node has just committed; 'to_regclass' may not.
        let schema = try connection.run(
            "SELECT current_schema() IS NULL, NOT EXISTS (SELECT FROM pg_catalog.pg_class "
                + "WHERE relname = 'grantor_schema' AND pg_catalog.pg_table_is_visible(oid))")
        guard schema.text(0, 0) == "f" else {
            throw .broken("has no schema in the 'search_path' of this user; create the schema and grant it to the user")
        }
        guard schema.text(0, 1) == "f" else { return nil }
        let answer = try connection.run("SELECT version, readable_from FROM grantor_schema")
        guard let version = answer.text(0, 0).flatMap({ Int($0) }),
            let readableFrom = answer.text(0, 1).flatMap({ Int($0) })
        else { throw .broken("has a table 'grantor_schema' that this server did not write; restore it from a backup") }
        return (version, readableFrom)
    }

    private static func check(_ found: (version: Int, readableFrom: Int)) throws(Failure) {
        guard found.readableFrom <= newest else {
            throw .broken(
                "was changed by a newer version of this server, which this version cannot work with; update this node")
        }
    }
}

extension Answer {
    /// A column of a result in the text format.
    func text(_ row: Int, _ column: Int) -> String? {
        bytes(row, column).map { String(decoding: $0, as: UTF8.self) }
    }
}
