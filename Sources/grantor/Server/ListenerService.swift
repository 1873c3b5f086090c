// SPDX-License-Identifier: Apache-2.0

import ServerConfiguration
import ServerHTTP
import ServiceLifecycle

/// A listener that names its address when it fails.
struct ListenerService: Service {
    let host: String
    let port: Int
    let service: any Service

    func run() async throws {
        do {
            try await service.run()
        } catch {
            throw Failure("cannot listen on \(HostName.inAddress(host)):\(port): \(HTTPListener.explain(error))")
        }
    }
}
