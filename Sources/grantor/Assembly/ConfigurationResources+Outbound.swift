// SPDX-License-Identifier: Apache-2.0

import Foundation
import ServerConfiguration
import ServerHTTP

extension ConfigurationResources {
    /// The settings of requests to other servers; what cannot be used is reported and left out.
    static func outbound(_ configuration: Configuration, _ diagnostics: Diagnostics) -> OutboundSettings {
        let outbound = configuration.outbound
        let allowed = networks(outbound.allowedNetworks, [.key("outbound"), .key("allowed_networks")], diagnostics)
        return OutboundSettings(
            OutboundNetworks(allowed: allowed, loopback: configuration.hasLoopbackIssuer),
            authorities: outbound.caFile.flatMap { authorities($0, diagnostics) },
            proxy: outbound.proxy.map { proxy($0, diagnostics) })
    }

    private static func authorities(_ file: String, _ diagnostics: Diagnostics) -> TrustedAuthorities? {
        let path: [PathStep] = [.key("outbound"), .key("ca_file")]
        do {
            let authorities = try TrustedAuthorities(file: file, now: Int(Date().timeIntervalSince1970))
            if let exposure = FileExposure(ofCertificateFile: file) {
                diagnostics.report(.warning, at: path, exposure.message(file), note: exposure.note(file))
            }
            for line in authorities.expired {
                diagnostics.report(
                    .warning, at: path, "the certificate in line \(line) of '\(file)' has expired",
                    note: "replace or remove it")
            }
            return authorities
        } catch {
            diagnostics.report(at: path, "the file '\(file)' cannot be used: \(error.message)", note: error.note)
            return nil
        }
    }

    private static func proxy(_ proxy: Configuration.Proxy, _ diagnostics: Diagnostics) -> OutboundProxy {
        let path: [PathStep] = [.key("outbound"), .key("proxy"), .key("except")]
        let exceptions = proxy.exceptions.enumerated().compactMap { number, text in
            let exception = OutboundException(text)
            if exception == nil {
                diagnostics.report(
                    at: path + [.element(number)], "'\(text)' is neither a host nor a network",
                    note: "write a host such as id.example.com, .example.com for all below it, or 10.0.0.0/8")
            }
            return exception
        }
        return OutboundProxy(
            host: proxy.host, port: proxy.port, credentials: proxy.credentials, exceptions: exceptions)
    }
}
