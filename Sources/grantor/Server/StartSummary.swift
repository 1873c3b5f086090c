// SPDX-License-Identifier: Apache-2.0

import AuthorizationServer
@_spi(Host) import GrantKit
import OutsideText
import PluginLoading
import ServerConfiguration

/// The text that the server prints once it listens: its URLs, its plugins and an example of a first request.
struct StartSummary {
    private let configuration: Configuration
    private let plugins: [LoadedPlugin]
    /// The name of the configuration's file, as the operator wrote it.
    private let file: String
    private let port: Int
    private let isDevelopment: Bool

    init(
        _ configuration: Configuration, of file: String, _ plugins: [LoadedPlugin], port: Int, isDevelopment: Bool
    ) {
        self.isDevelopment = isDevelopment
        self.file = file
        self.configuration = configuration
        self.plugins = plugins
        self.port = port
    }

    var text: String {
        let listen = configuration.listen
        let rows = plugins.map { plugin in
            let manifest = plugin.manifest
            return [manifest.id, manifest.version, plugin.file.path, plugin.registered.registry.summary]
        }
        var lines = [
            "issuer      \(configuration.issuer)",
            "listening   \(listen.tls == nil ? "http" : "https")://\(HostName.inAddress(listen.host)):\(port)",
            "metadata    \(metadata)",
        ]
        if isDevelopment {
            lines.append("development responses show errors of plugins, so only this machine may connect")
        }
        lines += ["", Table.render([["PLUGIN", "VERSION", "FILE", "ADDS"]] + rows)]
        if let example { lines += ["", "Get a token:", "  \(example)"] }
        return lines.joined(separator: "\n")
    }

    /// The URL of the metadata; the issuer's path follows the well-known path (RFC 8414 section 3.1).
    private var metadata: String {
        let issuer = configuration.issuer
        let path = (try? WebAddress(issuer))?.rest ?? ""
        let origin = issuer.raw.dropLast(path.utf8.count).string
        return "\(origin)/.well-known/oauth-authorization-server\(path)"
    }

    /// The command for a first token; under a grant of a plugin from outside if there is one that a client may use,
    /// since somebody who adds a grant wants to try that.
    private var example: String? {
        let outside = uses(of: plugins.filter { !OwnPlugins.contain($0.entry.id, at: $0.code.path) })
        guard let first = outside.first else { return request(in: uses(of: plugins)) }
        return request(in: outside) ?? trial(of: first.grant)
    }

    /// A declared client with a grant that it may use.
    private typealias Use = (client: JSON, grant: any TokenGrant)

    private func uses(of plugins: [LoadedPlugin]) -> [Use] {
        let grants = plugins.flatMap(\.registered.registry.grants)
        var uses: [Use] = []
        for client in configuration.clients {
            let names = Set(client["grant_types"]?.strings ?? [])
            for grant in grants where !names.isDisjoint(with: StartSummary.names(grant.declaration)) {
                uses.append((client, grant))
            }
        }
        return uses
    }

    private func request(in uses: [Use]) -> String? {
        for use in uses {
            if let line = line(use.client, use.grant) { return line }
        }
        return nil
    }

    /// The command that tries a grant and asks for what no example is known of.
    private func trial(of grant: any TokenGrant) -> String {
        let option = file == ConfigurationOption.standard ? "" : " --config \(CurlRequest.quoted(file))"
        return "grantor try \(CurlRequest.quoted(grant.declaration.key))\(option)"
    }

    private static func names(_ grant: GrantDeclaration) -> [String] {
        [grant.wire, grant.key] + grant.aliases
    }

    /// A request that needs nothing but the credentials of a client; nil if it needs more.
    private func line(_ client: JSON, _ grant: any TokenGrant) -> String? {
        let required = grant.parameters.filter(\.isRequired)
        let texts = required.compactMap { parameter -> String? in
            guard case .text(let text) = parameter.example, !parameter.isSecret else { return nil }
            return " -d \(CurlRequest.quoted("\(parameter.name)=\(text)"))"
        }
        guard let id = client["id"]?.string, texts.count == required.count else { return nil }
        let examples = texts.joined()
        return "curl -s \(credentials(id, client["secret"]))-d grant_type=\(grant.declaration.wire)\(examples) "
            + "\(configuration.issuer)\(configuration.basePath)/token"
    }

    /// The client's credentials for curl; a demo secret is public and shown, for any other secret curl asks.
    private func credentials(_ id: String, _ secret: JSON?) -> String {
        guard let secret = secret?.strings.first else {
            return "-d \(CurlRequest.quoted("client_id=\(id)")) "
        }
        return "-u \(CurlRequest.quoted(secret.raw.starts(with: "demo-") ? "\(id):\(secret)" : id)) "
    }
}
