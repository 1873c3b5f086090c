// SPDX-License-Identifier: Apache-2.0

import GrantKit
import ServerConfiguration

/// The rule of `serve --development`: only this machine may reach a server whose responses show its errors.
enum DevelopmentRule {
    /// Reports every address of a configuration that other machines may reach.
    static func check(_ configuration: Configuration, _ diagnostics: Diagnostics) {
        guard diagnostics.isReadable else { return }
        let note = "use 127.0.0.1, or start the server without '--development'"
        if !configuration.issuer.isEmpty, !configuration.hasLoopbackIssuer {
            diagnostics.report(
                at: [.key("issuer")], "with '--development', the issuer must be an address of this machine", note: note)
        }
        let message = "with '--development', the server must listen on this machine only"
        if !configuration.listen.isLoopback {
            diagnostics.report(at: [.key("listen"), .key("host")], message, note: note)
        }
        if let monitoring = configuration.monitoring, !monitoring.isLoopback {
            diagnostics.report(at: [.key("monitoring"), .key("host")], message, note: note)
        }
    }

    /// The level of the log, which is at least `debug`.
    static func logLevel(_ configured: String) -> String {
        configured == "trace" ? configured : "debug"
    }
}
