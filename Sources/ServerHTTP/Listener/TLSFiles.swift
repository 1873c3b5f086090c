// SPDX-License-Identifier: Apache-2.0

import NIOCore
public import NIOSSL
import Synchronization

/// A certificate chain and its private key, which can be reloaded.
public final class TLSFiles: Sendable {
    private struct Material: Sendable {
        var chain: [NIOSSLCertificate]
        var key: NIOSSLPrivateKey
    }

    private let current: Mutex<Material>

    /// Reads the files.
    ///
    /// - Parameters:
    ///   - certificate: The path of the chain in PEM, with the server's own certificate first.
    ///   - key: The path of the private key in PEM.
    /// - Throws: An error if the files are unusable.
    public init(certificate: String, key: String) throws {
        current = Mutex(try TLSFiles.read(certificate, key))
    }

    /// Reads the files again, for connections that begin later.
    ///
    /// - Throws: An error if the files are unusable; the previous content then stays in use.
    public func reload(certificate: String, key: String) throws {
        let material = try TLSFiles.read(certificate, key)
        current.withLock { $0 = material }
    }

    private static func read(_ certificate: String, _ key: String) throws -> Material {
        let material = Material(
            chain: try NIOSSLCertificate.fromPEMFile(certificate), key: try NIOSSLPrivateKey(file: key, format: .pem))
        // Creating a context checks that the certificate and the key belong together.
        _ = try NIOSSLContext(
            configuration: .makeServerConfiguration(
                certificateChain: material.chain.map { .certificate($0) }, privateKey: .privateKey(material.key)))
        return material
    }

    /// The configuration: TLS 1.2 and newer, with the certificate and key that are current when a connection begins.
    public var configuration: TLSConfiguration {
        let material = current.withLock { $0 }
        var configuration = TLSConfiguration.makeServerConfiguration(
            certificateChain: material.chain.map { .certificate($0) }, privateKey: .privateKey(material.key))
        configuration.minimumTLSVersion = .tlsv12
        // Limits the wait for the client's closing alert, which most idle clients never send.
        configuration.shutdownTimeout = .seconds(1)
        configuration.sslContextCallback = { [weak self] _, promise in
            var override = NIOSSLContextConfigurationOverride()
            if let material = self?.current.withLock({ $0 }) {
                override.certificateChain = material.chain.map { .certificate($0) }
                override.privateKey = .privateKey(material.key)
            }
            promise.succeed(override)
        }
        return configuration
    }
}
