// SPDX-License-Identifier: Apache-2.0

package import AuthorizationServer
@_spi(Host) package import GrantKit

/// The host of a plugin in a process of its own, which asks the server over the socket.
package struct RemoteHost: PluginHost {
    /// What a process knows without asking.
    package struct Facts: Sendable {
        /// The issuer.
        let issuer: String
        /// The base path of the server's endpoints.
        let basePath: String
        /// The algorithms of the server's keys.
        let algorithms: [String]

        /// Reads the input of `describe`.
        package init(_ question: JSON) {
            issuer = question["issuer"]?.string ?? ""
            basePath = question["base_path"]?.string ?? ""
            algorithms = question["algorithms"]?.strings ?? []
        }
    }

    private let facts: Facts
    private let connection: HostConnection
    private let clock: @Sendable () -> Timestamp
    private let randomness: @Sendable (Int) -> String
    /// Cryptography that needs none of the server's keys.
    package var cryptography: any CryptographyService { verifier }
    private let verifier: any ServerCryptography
    private let origins: @Sendable (String) -> String
    private let isClockStill: Bool

    /// Makes the host.
    package init(
        _ facts: Facts, _ connection: HostConnection, cryptography: any ServerCryptography,
        now: @escaping @Sendable () -> Timestamp, random: @escaping @Sendable (Int) -> String,
        origins: @escaping @Sendable (String) -> String, isClockStill: Bool = false
    ) {
        self.facts = facts
        self.connection = connection
        verifier = cryptography
        self.origins = origins
        self.isClockStill = isClockStill
        clock = now
        randomness = random
    }

    package var issuer: String { facts.issuer }
    package var store: any StoreService { RemoteStore(connection: connection) }
    package var clients: any ClientDirectory { RemoteClients(connection: connection) }
    package var users: any UserDirectory { RemoteUsers(connection: connection) }
    package var keys: any KeyRing { RemoteKeys(connection: connection, algorithms: facts.algorithms) }
    package var foreignKeys: any ForeignKeyService { RemoteForeignKeys(connection: connection, signatures: verifier) }
    package var tokens: any TokenService { RemoteTokens(connection: connection) }
    package var access: any AccessService { RemoteAccess(connection: connection) }
    package var sessions: any SessionDirectory { RemoteSessions(connection: connection) }
    package var consents: any ConsentDirectory { RemoteConsents(connection: connection) }
    package var attempts: any AttemptService { RemoteAttempts(connection: connection, origins: origins) }
    package var jobs: any JobService { RemoteJobs(connection: connection) }
    package var outbound: any OutboundHTTP { RemoteOutbound(connection: connection) }
    package var events: any EventService { RemoteEvents(connection: connection) }
    package var log: any LogService { RemoteLog(connection: connection) }
    package var now: Timestamp {
        guard let moment = RemoteMoment.current else { return clock() }
        return isClockStill ? moment.time : moment.now
    }

    package func address(of route: Route) -> String {
        switch route.base {
        case .endpoints: facts.issuer + facts.basePath + route.path
        case .wellKnown: "\(facts.issuer)/.well-known\(route.path)"
        default: facts.issuer + route.path
        }
    }

    package func random(bytes count: Int) -> String {
        randomness(count)
    }
}
