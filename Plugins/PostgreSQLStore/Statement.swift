// SPDX-License-Identifier: Apache-2.0

/// A statement that each connection prepares once, or sends as a whole where nothing can be prepared.
struct Statement: Sendable {
    /// The name of the prepared statement.
    let name: String
    let sql: String
    /// The types of the parameters, by PostgreSQL's numbers.
    let types: [UInt32]

    private init(_ name: String, _ types: [UInt32], _ sql: String) {
        (self.name, self.types, self.sql) = ("grantor_\(name)", types, sql)
    }

    /// The statement with parameters, ready to be sent.
    func callAsFunction(_ parameters: WireValue...) -> Call { Call(statement: self, parameters: parameters) }

    static let all = [
        begin, commit, rollback, configure, untimed, relax, lock, clock, read, readForUpdate, firstPage, page,
        firstFound,
        found,
        insert, replace, redeem, delete, addIndexes, removeIndexes, increment, purge, purgeAll, lockChanges, addChanges,
        changePosition, changes, trimChanges,
    ]

    private static let (bool, bytes, integer, text): (UInt32, UInt32, UInt32, UInt32) = (16, 17, 20, 25)
    private static let (bools, byteArrays, integers): (UInt32, UInt32, UInt32) = (1000, 1001, 1016)

    // MARK: transactions

    /// Named, since a role may have another default.
    static let begin = Statement("begin", [], "BEGIN ISOLATION LEVEL READ COMMITTED")
    static let commit = Statement("commit", [], "COMMIT")
    static let rollback = Statement("rollback", [], "ROLLBACK")

    /// Sets what every transaction relies on, for the session or for one transaction.
    ///
    /// Without sequential scans, a plan that was made when a table was empty still uses the index when it is full.
    /// Compiling a statement would take longer than running it. What waits for a flush must be flushed, even if the
    /// database's default is not to wait.
    static let configure = Statement(
        "configure", [text, text, bool],
        """
        SELECT set_config('statement_timeout', $1, $3), set_config('idle_in_transaction_session_timeout', $2, $3),
        set_config('enable_seqscan', 'off', $3), set_config('jit', 'off', $3), set_config('synchronous_commit',
        CASE current_setting('synchronous_commit') WHEN 'off' THEN 'on' ELSE current_setting('synchronous_commit') END, $3)
        """)
    /// Lets a commit wait for as long as it takes.
    ///
    /// A timeout would end only the wait for the standby, and report a commit that a failover can lose as done.
    static let untimed = Statement("untimed", [], "SELECT set_config('statement_timeout', '0', true)")
    /// Lets a transaction return before it is flushed to the disk.
    static let relax = Statement("relax", [], "SELECT set_config('synchronous_commit', 'off', true)")

    /// What makes the numbers of locks differ from those of other tables in the same database.
    ///
    /// The database replaces it by a constant when it plans the statement, so it costs nothing, and it is always the
    /// number of the tables that are in use.
    private static let salt = "('grantor_record'::regclass::oid::bigint << 32)"

    /// Locks keys in the order in which they are given; they are released at the end of the transaction.
    static let lock = Statement(
        "lock", [integers, bools],
        """
        SELECT count(CASE WHEN shared THEN pg_advisory_xact_lock_shared(key # \(salt))::text
        ELSE pg_advisory_xact_lock(key # \(salt))::text END) FROM unnest($1, $2) AS k (key, shared)
        """)

    /// The time of the database, in microseconds since 1970.
    static let clock = Statement("clock", [], "SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint")

    // MARK: reading

    private static let columns = "value, version, redeemed, expires_at, index_names, index_values"

    /// Looks up each key by itself: 'OFFSET 0' keeps the planner from joining by a scan.
    private static func reading(_ suffix: String) -> String {
        """
        SELECT k.place, \(columns) FROM unnest($1, $2) WITH ORDINALITY AS k (c, i, place) CROSS JOIN LATERAL
        (SELECT \(columns) FROM grantor_record WHERE collection = k.c AND id = k.i OFFSET 0\(suffix)) AS r
        """
    }

    static let read = Statement("read", [byteArrays, byteArrays], reading(""))
    /// Also keeps other transactions, and the purge, from changing or deleting the records.
    static let readForUpdate = Statement("read_for_update", [byteArrays, byteArrays], reading(" FOR UPDATE"))

    private static func paging(_ comparison: String) -> String {
        """
        SELECT id, \(columns) FROM grantor_record WHERE collection = $1 AND id \(comparison) $2 ORDER BY id LIMIT $3
        """
    }

    static let firstPage = Statement("first_page", [bytes, bytes, integer], paging(">="))
    static let page = Statement("page", [bytes, bytes, integer], paging(">"))

    private static func finding(_ comparison: String) -> String {
        """
        SELECT r.id, \(columns) FROM (SELECT id FROM grantor_index WHERE collection = $1 AND name = $2 AND value = $3
        AND id \(comparison) $4 ORDER BY id LIMIT $5) AS i CROSS JOIN LATERAL (SELECT id, \(columns) FROM grantor_record
        WHERE collection = $1 AND id = i.id OFFSET 0) AS r ORDER BY r.id
        """
    }

    static let firstFound = Statement("first_found", [bytes, bytes, bytes, bytes, integer], finding(">="))
    static let found = Statement("found", [bytes, bytes, bytes, bytes, integer], finding(">"))

    // MARK: writing

    /// A condition on entries of the index, which are looked up one by one: a join could read all those of a collection.
    private static func isEntry(_ collection: String, _ id: String, _ names: String) -> String {
        """
        ctid = ANY (ARRAY(SELECT l.place FROM \(names) CROSS JOIN LATERAL (SELECT ctid AS place FROM grantor_index AS i
        WHERE i.collection = \(collection) AND i.name = n.name AND i.value = n.value AND i.id = \(id) OFFSET 0) AS l))
        """
    }

    static let insert = Statement(
        "insert", [bytes, bytes, bytes, integer, bool, integer, byteArrays, byteArrays],
        """
        INSERT INTO grantor_record (collection, id, value, version, redeemed, expires_at, index_names, index_values)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
        """)
    static let replace = Statement(
        "replace", [bytes, bytes, bytes, integer, bool, integer, byteArrays, byteArrays],
        """
        UPDATE grantor_record SET value = $3, version = $4, redeemed = $5, expires_at = $6, index_names = $7,
        index_values = $8 WHERE collection = $1 AND id = $2
        """)
    static let redeem = Statement(
        "redeem", [bytes, bytes, integer],
        "UPDATE grantor_record SET redeemed = true, version = $3 WHERE collection = $1 AND id = $2")
    static let delete = Statement(
        "delete", [bytes, bytes], "DELETE FROM grantor_record WHERE collection = $1 AND id = $2")
    static let addIndexes = Statement(
        "add_indexes", [bytes, bytes, byteArrays, byteArrays],
        """
        INSERT INTO grantor_index (collection, name, value, id) SELECT $1, name, value, $2
        FROM unnest($3, $4) AS n (name, value) ON CONFLICT DO NOTHING
        """)
    static let removeIndexes = Statement(
        "remove_indexes", [bytes, bytes, byteArrays, byteArrays],
        """
        DELETE FROM grantor_index WHERE \(isEntry("$1", "$2", "unnest($3, $4) AS n (name, value)"))
        """)

    // MARK: counting and purging

    static let increment = Statement(
        "increment", [bytes, bytes, integer, integer],
        """
        INSERT INTO grantor_counter AS c (collection, id, count, expires_at) VALUES ($1, $2, 1, $3)
        ON CONFLICT (collection, id) DO UPDATE SET count = CASE WHEN c.expires_at > $4 THEN c.count + 1 ELSE 1 END,
        expires_at = CASE WHEN c.expires_at > $4 THEN c.expires_at ELSE excluded.expires_at END RETURNING count
        """)

    /// Deletes in one statement, and skips what others have locked instead of waiting for it.
    private static func purging(_ condition: String) -> String {
        """
        WITH gone AS (DELETE FROM grantor_record WHERE ctid = ANY (ARRAY(SELECT ctid FROM grantor_record
        WHERE expires_at < $1\(condition) ORDER BY expires_at LIMIT $2 FOR UPDATE SKIP LOCKED))
        RETURNING collection, id, index_names, index_values),
        unindexed AS (DELETE FROM grantor_index WHERE \(isEntry("g.collection", "g.id",
        "gone AS g, unnest(g.index_names, g.index_values) AS n (name, value)"))),
        forgotten AS (DELETE FROM grantor_counter WHERE ctid = ANY (ARRAY(SELECT ctid FROM grantor_counter
        WHERE expires_at < $1 ORDER BY expires_at LIMIT greatest($2 - (SELECT count(*) FROM gone), 0)
        FOR UPDATE SKIP LOCKED)) RETURNING 1)
        SELECT (SELECT count(*) FROM gone) + (SELECT count(*) FROM forgotten)
        """
    }

    /// Uses the index of expiry, which leaves out what never expires.
    static let purge = Statement("purge", [integer, integer], purging(" AND expires_at < \(Schema.never)"))
    /// Purges even what counts as never expiring.
    static let purgeAll = Statement("purge_all", [integer, integer], purging(""))

    // MARK: changes

    /// Lets transactions that log changes commit one after another, so that numbers are in the order of the commits.
    ///
    /// It is the last lock of a transaction, and the commit follows in the same round. It is released when the commit
    /// has become visible.
    static let lockChanges = Statement(
        "lock_changes", [], "SELECT pg_advisory_xact_lock(\(0x6772_616e_746f_7202))")
    /// Logs the keys of changes, and tells all nodes that listen.
    static let addChanges = Statement(
        "add_changes", [byteArrays, byteArrays],
        """
        WITH added AS (INSERT INTO grantor_change (mark, collection, id) SELECT \(Schema.mark), c, i
        FROM unnest($1, $2) WITH ORDINALITY AS k (c, i, place) ORDER BY place) SELECT pg_notify('\(channel)', '')
        """)
    static let channel = "grantor_change"
    static let changePosition = Statement(
        "change_position", [], "SELECT number, mark FROM grantor_change ORDER BY number DESC LIMIT 1")
    static let changes = Statement(
        "changes", [integer, integer],
        "SELECT number, mark, collection, id FROM grantor_change WHERE number >= $1 ORDER BY number LIMIT $2")
    static let trimChanges = Statement(
        "trim_changes", [integer, integer],
        """
        DELETE FROM grantor_change WHERE number = ANY (ARRAY(SELECT number FROM grantor_change
        WHERE number <= (SELECT max(number) FROM grantor_change) - $1 ORDER BY number LIMIT $2 FOR UPDATE SKIP LOCKED))
        """)
}

/// A statement with its parameters.
struct Call: Sendable {
    let statement: Statement
    let parameters: [WireValue]
}
