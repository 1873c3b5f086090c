// SPDX-License-Identifier: Apache-2.0

import Foundation
import NIOSSL
import OutsideText

/// Certificates of authorities that the operator trusts in addition to those of the system.
public struct TrustedAuthorities: Sendable {
    /// Why a file cannot be used, and what to do about it.
    public struct Problem: Error, Sendable {
        /// What is wrong.
        public let message: String
        /// What to do about it.
        public let note: String
    }

    /// The most bytes of a file; the bundles of whole systems have about a quarter.
    static let longest: UInt64 = 1 << 20

    let certificates: [NIOSSLCertificate]
    /// The lines at which certificates begin that are no longer valid.
    public let expired: [Int]

    /// Reads a PEM file.
    ///
    /// - Parameters:
    ///   - path: The path of the file.
    ///   - now: The current time in seconds since 1970.
    /// - Throws: `Problem` if the file is too large, contains anything but certificates, or has one that cannot be read.
    public init(file path: String, now: Int) throws(Problem) {
        try self.init(try TrustedAuthorities.read(path), now: now)
    }

    init(_ bytes: [UInt8], now: Int) throws(Problem) {
        var certificates: [NIOSSLCertificate] = []
        var expired: [Int] = []
        for block in PEMBlock.all(in: bytes) {
            let certificate = try TrustedAuthorities.certificate(block)
            certificates.append(certificate)
            if let block, certificate.notValidAfter < now { expired.append(block.line) }
        }
        guard !certificates.isEmpty else {
            throw Problem(message: "it contains no certificate", note: "a certificate in PEM begins with '\(begin)'")
        }
        (self.certificates, self.expired) = (certificates, expired)
    }

    private static func certificate(_ block: PEMBlock?) throws(Problem) -> NIOSSLCertificate {
        guard let block else {
            throw Problem(message: "a block in it has no end", note: "copy the file again, with all of its lines")
        }
        if block.label.raw.ends(with: "PRIVATE KEY") {
            throw Problem(
                message: "it contains a private key in line \(block.line)",
                note: "remove the key: to trust an authority, its certificate is enough")
        }
        guard ["CERTIFICATE", "X509 CERTIFICATE"].contains(where: { $0.raw == block.label.raw }) else {
            throw Problem(
                message: "the block in line \(block.line) is not a certificate",
                note: "a certificate begins with '\(begin)'")
        }
        guard let certificate = try? NIOSSLCertificate(bytes: block.bytes, format: .pem) else {
            throw Problem(
                message: "the certificate in line \(block.line) cannot be read",
                note: "try 'openssl x509 -noout -subject' with it alone")
        }
        return certificate
    }

    private static func read(_ path: String) throws(Problem) -> [UInt8] {
        let attributes = try? FileManager.default.attributesOfItem(
            atPath: URL(fileURLWithPath: path).resolvingSymlinksInPath().path)
        let advice = "name a PEM file with certificates of authorities"
        guard let attributes else { throw Problem(message: "it does not exist", note: advice) }
        guard attributes[.type] as? FileAttributeType == .typeRegular else {
            throw Problem(message: "it is not a file", note: advice)
        }
        guard let size = attributes[.size] as? UInt64, size <= longest else {
            throw Problem(
                message: "it is larger than 1 MiB", note: "name a file with only the authorities that you need")
        }
        guard let data = FileManager.default.contents(atPath: path), UInt64(data.count) <= longest else {
            throw Problem(message: "it cannot be read", note: "let the server's user read it")
        }
        return Array(data)
    }
}

private let begin = "-----BEGIN CERTIFICATE-----"
