// SPDX-License-Identifier: Apache-2.0

import Foundation

/// PgBouncer in transaction mode in front of a cluster, which ends with the tests.
public final class PgBouncer: Sendable {
    private let cluster: PostgreSQLCluster
    private let folder: String
    private let process: Process

    /// Starts it.
    ///
    /// - Parameter cluster: The cluster, all databases of which are served.
    public init(_ cluster: PostgreSQLCluster) throws {
        self.cluster = cluster
        folder = "\(cluster.folder)/bouncer-\(UInt32.random(in: 0 ... .max))"
        let file = """
            [databases]
            * = host=\(cluster.folder) user=postgres
            [pgbouncer]
            pool_mode = transaction
            default_pool_size = 3
            max_client_conn = 500
            listen_addr =
            unix_socket_dir = \(folder)
            auth_type = any
            pidfile = \(folder)/pid
            """
        let script = "mkdir '\(folder)' && cat >'\(folder)/ini'"
        let writer = PostgreSQLCluster.process(["sh", "-c", script])
        let text = Pipe()
        writer.standardInput = text
        try writer.run()
        try text.fileHandleForWriting.write(contentsOf: Data((file + "\n").utf8))
        try text.fileHandleForWriting.close()
        writer.waitUntilExit()
        process = PostgreSQLCluster.process(["/usr/sbin/pgbouncer", "-q", "\(folder)/ini"])
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = FileHandle.nullDevice
        try process.run()
        for _ in 0..<300 where !FileManager.default.fileExists(atPath: "\(folder)/.s.PGSQL.6432") {
            Thread.sleep(forTimeInterval: 0.1)
        }
    }

    deinit {
        kill(process.processIdentifier, SIGKILL)
        process.waitUntilExit()
    }

    /// The URL of a database of the cluster.
    public func url(_ database: String) -> String {
        "postgresql://postgres@/\(database)?host=\(folder)&port=6432"
    }
}
