// SPDX-License-Identifier: Apache-2.0

import GrantKit
import Support

extension TestServer {
    static let assertionType = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"

    /// The plugins of most tests about assertions.
    static func asserting(_ settings: JSON = [:]) -> [PluginSetup] {
        Plugins.all + [.init(Plugins.clientAssertion, settings)]
    }

    /// Requests a token as a client that sends an assertion.
    func assert(_ assertion: String, _ more: [(String, String)] = [], path: String = "/auth/token") async -> Answer {
        let form = [
            ("grant_type", "client_credentials"), ("client_assertion", assertion),
            ("client_assertion_type", TestServer.assertionType),
        ]
        return await post(path, form + more)
    }
}
