// SPDX-License-Identifier: Apache-2.0

public import GrantKit

extension Configuration {
    /// The settings of requests to other servers.
    public struct Outbound: Sendable {
        /// The networks, besides the public internet, to which the server may send requests.
        public var allowedNetworks: [String] = []
        /// The path of a PEM file with authorities that are trusted in addition to those of the system.
        public var caFile: String?
        /// The proxy for requests by HTTPS, if there is one.
        public var proxy: Proxy?
    }

    /// A proxy that opens tunnels to other servers.
    public struct Proxy: Sendable {
        /// The host name or IP address, without brackets.
        public var host: String
        /// The port.
        public var port: Int
        /// The user name and password that the proxy asks for.
        public var credentials: (username: String, password: Secret)?
        /// The hosts, domains and networks to which requests go directly.
        public var exceptions: [String] = []
    }
}

/// Reads the `outbound` section.
struct OutboundSection {
    private var section: Section

    /// Reads the section and reports its problems to its diagnostics.
    static func read(_ section: Section) -> Configuration.Outbound {
        var reader = OutboundSection(section: section)
        return reader.read()
    }

    private mutating func read() -> Configuration.Outbound {
        var outbound = Configuration.Outbound()
        outbound.allowedNetworks = section.read("allowed_networks") ?? []
        outbound.caFile = section.read("ca_file")
        outbound.proxy = readProxy()
        section.finish()
        return outbound
    }

    private mutating func readProxy() -> Configuration.Proxy? {
        guard let value = section.value("proxy") else { return nil }
        guard case .object = value else {
            section.report("proxy", "'proxy' must be a mapping", note: "such as { \(OutboundSection.example) }")
            return nil
        }
        var entry = Section(value, at: section.path + [.key("proxy")], label: "'proxy'", section.diagnostics)
        let address = readAddress(&entry)
        let credentials = readCredentials(&entry)
        let exceptions: [String] = entry.read("except") ?? []
        entry.finish()
        guard let address else { return nil }
        return Configuration.Proxy(
            host: address.host, port: address.port, credentials: credentials, exceptions: exceptions)
    }

    // MARK: address

    private static let example = "url: http://proxy.example.com:3128"

    private func readAddress(_ entry: inout Section) -> (host: String, port: Int)? {
        guard let text: String = entry.read("url") else {
            if entry.members["url"] == nil {
                section.report("proxy", "'proxy' has no 'url'", note: "add \(OutboundSection.example)")
            }
            return nil
        }
        if let address = OutboundSection.address(text) { return address }
        if text.utf8.contains(UInt8(ascii: "@")) {
            entry.report(
                "url", "'url' must not contain a user name or a password",
                note: "move them to 'username' and 'password', which no message shows")
        } else {
            entry.report(
                "url", "'url' must be 'http://', a host and a port",
                note: "such as http://proxy.example.com:3128; HTTPS passes through the proxy unread")
        }
        return nil
    }

    /// The host without brackets, and the port; nil if the URL has anything else.
    private static func address(_ text: String) -> (host: String, port: Int)? {
        guard let address = try? WebAddress(text), address.scheme == "http", let port = address.port,
            address.rest.isEmpty || address.rest == "/", let host = address.host?.utf8
        else { return nil }
        let isBracketed = host.first == UInt8(ascii: "[")
        let name = String(Substring(isBracketed ? host.dropFirst().dropLast() : host[...]))
        guard HostName.isHost(name), isBracketed == name.utf8.contains(UInt8(ascii: ":")) else { return nil }
        return (name, Int(port))
    }

    // MARK: credentials

    private func readCredentials(_ entry: inout Section) -> (username: String, password: Secret)? {
        let username: String? = entry.read("username")
        let password: String? = entry.read("password")
        for (key, other) in [("username", "password"), ("password", "username")]
        where entry.members[key] != nil && entry.members[other] == nil {
            entry.report(key, "'\(key)' needs '\(other)'", note: "add it, or remove '\(key)'")
        }
        guard let username, let password else { return nil }
        // RFC 7617 section 2: the first colon ends the user name.
        guard !username.isEmpty, username.utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x7F && $0 != UInt8(ascii: ":") })
        else {
            entry.report("username", "'username' must be printable characters without a colon")
            return nil
        }
        return (username, Secret(password))
    }
}
