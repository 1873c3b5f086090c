// SPDX-License-Identifier: Apache-2.0

import GrantKit
import NIOCore
import NIOSSL

/// TLS to the server of a URL, whose certificate must be trusted and contain the host of the URL.
struct OutboundTLS: Sendable {
    private let host: String
    private let context: NIOSSLContext

    /// Creates the TLS for one host.
    ///
    /// - Parameters:
    ///   - host: The host of the URL, in lower case and without brackets.
    ///   - authorities: The authorities to trust in addition to those of the system.
    /// - Throws: `NIOSSLError`.
    init(_ host: String, _ authorities: TrustedAuthorities?) throws {
        var tls = TLSConfiguration.makeClientConfiguration()
        tls.minimumTLSVersion = .tlsv12
        // The library's own check of the host also accepts the address at the other end of the connection.
        tls.certificateVerification = .noHostnameVerification
        if let authorities { tls.additionalTrustRoots = [.certificates(authorities.certificates)] }
        self.host = host
        context = try NIOSSLContext(configuration: tls)
    }

    /// Makes the handler for a connection, which sends nothing before it has checked the certificate.
    ///
    /// - Throws: `NIOSSLExtraError` for a host that cannot be the name of a server.
    func handler() throws -> NIOSSLClientHandler {
        let identity = ServerIdentity(host)
        return try NIOSSLClientHandler._makeSSLClientHandler(context: context, serverHostname: identity.serverName) {
            [host] certificate, channel in
            channel.eventLoop.makeCompletedFuture {
                guard OutboundTLS.isValid(certificate, for: identity) else {
                    throw OutboundError("the certificate is not for '\(host)'")
                }
            }
        }
    }

    private static func isValid(_ certificate: NIOSSLCertificate, for identity: ServerIdentity) -> Bool {
        certificate._subjectAlternativeNames().contains { name in
            switch name.nameType {
            case .dnsName: identity.isCovered(byName: name.contents)
            case .ipAddress: identity.isCovered(byAddress: name.contents)
            default: false
            }
        }
    }
}
