// SPDX-License-Identifier: Apache-2.0

import ServerConfiguration
import ServerHTTP

/// The keys, networks, certificates and pages that a configuration names, read and checked.
struct ConfigurationResources {
    var keys: ConfiguredKeys
    let proxies: [AddressRange]
    let tls: TLSFiles?
    let pages: Pages?

    /// Reads keys, networks and certificates; what cannot be used is reported.
    init(_ configuration: Configuration, _ diagnostics: Diagnostics) {
        keys = ConfiguredKeys(configuration, diagnostics)
        proxies = ConfigurationResources.networks(
            configuration.listen.trustedProxies, [.key("listen"), .key("trusted_proxies")], diagnostics)
        _ = ConfigurationResources.outbound(configuration, diagnostics)
        tls = ConfigurationResources.certificates(configuration, diagnostics)
        pages = ConfigurationResources.pages(configuration, diagnostics)
    }

    /// Where requests to other servers may go.
    static func outbound(_ configuration: Configuration, _ diagnostics: Diagnostics? = nil) -> OutboundNetworks {
        OutboundNetworks(
            allowed: networks(
                configuration.outboundNetworks, [.key("outbound"), .key("allowed_networks")], diagnostics),
            loopback: configuration.hasLoopbackIssuer)
    }

    private static func networks(
        _ texts: [String], _ path: [PathStep], _ diagnostics: Diagnostics?
    ) -> [AddressRange] {
        texts.enumerated().compactMap { number, network in
            if let range = AddressRange(network) { return range }
            diagnostics?.report(
                at: path + [.element(number)], "'\(network)' is not a network",
                note: "write an address, 10.0.0.0/8 or fd00::/8")
            return nil
        }
    }

    /// The pages with those of the folder in their places, if all of them can be used.
    static func pages(_ configuration: Configuration, _ diagnostics: Diagnostics) -> Pages? {
        do {
            _ = try configuration.pages.logo.map(LogoFile.read)
        } catch {
            diagnostics.report(at: [.key("pages"), .key("logo")], "the logo cannot be used: \(error)")
            return nil
        }
        do {
            return try Pages(configuration.pages)
        } catch {
            diagnostics.report(
                at: [.key("pages"), .key("folder")], "a page cannot be used: \(error)",
                note: "the pages' language is Mustache")
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
                at: [.key("listen"), .key("tls")], "certificate and key cannot be used: \(error)",
                note: "both are PEM files that belong together")
            return nil
        }
    }
}
