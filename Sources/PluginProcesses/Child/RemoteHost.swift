// SPDX-License-Identifier: Apache-2.0

package import GrantKit

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
    package let cryptography: any CryptographyService

    /// Makes the host.
    package init(
        _ facts: Facts, _ connection: HostConnection, cryptography: any CryptographyService,
        now: @escaping @Sendable () -> Timestamp, random: @escaping @Sendable (Int) -> String
    ) {
        self.facts = facts
        self.connection = connection
        self.cryptography = cryptography
        clock = now
        randomness = random
    }

    package var issuer: String { facts.issuer }
    package var store: any StoreService { RemoteStore(connection: connection) }
    package var clients: any ClientDirectory { RemoteClients(connection: connection) }
    package var users: any UserDirectory { RemoteUsers(connection: connection) }
    package var keys: any KeyRing { AbsentKeys(algorithms: facts.algorithms) }
    package var foreignKeys: any ForeignKeyService { AbsentForeignKeys() }
    package var tokens: any TokenService { AbsentTokens() }
    package var access: any AccessService { AbsentAccess() }
    package var sessions: any SessionDirectory { AbsentSessions() }
    package var consents: any ConsentDirectory { AbsentConsents() }
    package var attempts: any AttemptService { AbsentAttempts() }
    package var jobs: any JobService { AbsentJobs() }
    package var outbound: any OutboundHTTP { RemoteOutbound(connection: connection) }
    package var events: any EventService { RemoteEvents(connection: connection) }
    package var log: any LogService { RemoteLog(connection: connection) }
    package var now: Timestamp { clock() }

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
