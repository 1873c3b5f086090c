// SPDX-License-Identifier: Apache-2.0

import AuthorizationServer
import ServerConfiguration
import ServerHTTP

/// The keys, networks, certificates and pages named by a configuration, read and checked.
struct ConfigurationResources {
    var keys: ConfiguredKeys
    let proxies: [AddressRange]
    let tls: TLSFiles?
    let pages: Pages?
    let outbound: OutboundSettings

    /// Reads the keys, networks, certificates and pages, and reports those that are unusable.
    init(_ configuration: Configuration, _ diagnostics: Diagnostics) {
        keys = ConfiguredKeys(configuration, diagnostics)
        proxies = ConfigurationResources.networks(
            configuration.listen.trustedProxies, [.key("listen"), .key("trusted_proxies")], diagnostics)
        outbound = ConfigurationResources.outbound(configuration, diagnostics)
        tls = ConfigurationResources.certificates(configuration, diagnostics)
        pages = ConfigurationResources.pages(configuration, diagnostics)
    }

    /// The networks of a list.
    static func networks(
        _ texts: [String], _ path: [PathStep], _ diagnostics: Diagnostics
    ) -> [AddressRange] {
        texts.enumerated().compactMap { number, network in
            if let range = AddressRange(network) { return range }
            diagnostics.report(
                at: path + [.element(number)], "'\(network)' is not a network",
                note: "write an IP address, or a network such as 10.0.0.0/8 or fd00::/8")
            return nil
        }
    }

    /// The pages, replaced by those in the configured folder; nil if one of them is unusable.
    static func pages(_ configuration: Configuration, _ diagnostics: Diagnostics) -> Pages? {
        let logo: PageAsset?
        do {
            logo = try configuration.pages.logo.map(LogoFile.read)
        } catch {
            diagnostics.report(at: [.key("pages"), .key("logo")], "the logo cannot be used: \(error)")
            return nil
        }
        do {
            return try Pages(configuration.pages, logo: logo)
        } catch {
            diagnostics.report(
                at: [.key("pages"), .key("folder")], "a page cannot be used: \(error)",
                note: "pages are Mustache templates")
            return nil
        }
    }

    private static func certificates(_ configuration: Configuration, _ diagnostics: Diagnostics) -> TLSFiles? {
        guard let files = configuration.listen.tls else { return nil }
        if let exposure = FileExposure(ofFile: files.key) {
            diagnostics.report(
                .warning, at: [.key("listen"), .key("tls"), .key("key")], exposure.message(files.key),
                note: exposure.note(files.key))
        }
        do {
            return try TLSFiles(certificate: files.certificate, key: files.key)
        } catch {
            diagnostics.report(
                at: [.key("listen"), .key("tls")], "the certificate and the key cannot be used: \(error)",
                note: "name two PEM files: a certificate and the key that belongs to it")
            return nil
        }
    }
}
