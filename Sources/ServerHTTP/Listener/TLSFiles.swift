// SPDX-License-Identifier: Apache-2.0

import NIOCore
public import NIOSSL
import Synchronization

/// A certificate chain and its key, read again when the operator says so.
public final class TLSFiles: Sendable {
    private struct Material: Sendable {
        var chain: [NIOSSLCertificate]
        var key: NIOSSLPrivateKey
    }

    private let current: Mutex<Material>

    /// Reads the files.
    ///
    /// - Parameters:
    ///   - certificate: The chain in PEM, the server's own certificate first.
    ///   - key: The private key in PEM.
    /// - Throws: What is wrong with the files.
    public init(certificate: String, key: String) throws {
        current = Mutex(try TLSFiles.read(certificate, key))
    }

    /// Reads the files again; connections that begin later use them.
    ///
    /// - Throws: What is wrong with the files; what was read before stays in use.
    public func reload(certificate: String, key: String) throws {
        let material = try TLSFiles.read(certificate, key)
        current.withLock { $0 = material }
    }

    private static func read(_ certificate: String, _ key: String) throws -> Material {
        let material = Material(
            chain: try NIOSSLCertificate.fromPEMFile(certificate), key: try NIOSSLPrivateKey(file: key, format: .pem))
        // A context finds out whether the two halves belong together, before a client does.
        _ = try NIOSSLContext(
            configuration: .makeServerConfiguration(
                certificateChain: material.chain.map { .certificate($0) }, privateKey: .privateKey(material.key)))
        return material
    }

    /// TLS 1.2 and newer, with whatever the files hold when a connection begins.
    public var configuration: TLSConfiguration {
        let material = current.withLock { $0 }
        var configuration = TLSConfiguration.makeServerConfiguration(
            certificateChain: material.chain.map { .certificate($0) }, privateKey: .privateKey(material.key))
        configuration.minimumTLSVersion = .tlsv12
        // How long the other side may take to say goodbye too; most that are idle never do.
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
