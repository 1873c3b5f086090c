// SPDX-License-Identifier: Apache-2.0

import GrantKit

extension EndpointRules {
    private static let elsewhere = [
        "https://\(HostileText.mark).example/", "//\(HostileText.mark).example/", "javascript:\(HostileText.mark)",
    ]

    static func redirects(_ subject: EndpointCase) async throws {
        let (plugin, call) = try await subject.request()
        if let address = try await subject.reply(plugin, call, "the request").answer?.address { try fit(address) }
        let (_, endpoint) = try await subject.load()
        for parameter in endpoint.parameters {
            for text in elsewhere {
                var other = call
                other.parameters = call.parameters.replacing(parameter.name, with: text)
                let reply = try await subject.reply(plugin, other, "a request with a URL as '\(parameter.name)'")
                guard let address = reply.answer?.address else { continue }
                try expect(
                    !address.utf8.starts(with: text.utf8),
                    "\(subject.name) redirects to what was sent as '\(parameter.name)', so that anybody can use it to "
                        + "lead users to another site: redirect only to URLs that are registered")
                try fit(address)
            }
        }
    }

    /// Checks the form of a redirect's URL.
    private static func fit(_ address: String) throws {
        let bytes = Array(address.utf8)
        let scheme = bytes.prefix { $0 != UInt8(ascii: ":") }
        let hasScheme =
            scheme.count < bytes.count && !scheme.isEmpty
            && scheme.allSatisfy { Word.isLetterOrDigit($0) || [0x2B, 0x2D, 0x2E].contains($0) }
        let word = String(decoding: scheme, as: UTF8.self).lowercased()
        let isOwn = bytes.first == UInt8(ascii: "/") && ![0x2F, 0x5C].contains(bytes.dropFirst().first ?? 0)
        try expect(
            isOwn || hasScheme && !["javascript", "data", "vbscript", "file", "blob", "about"].contains(word),
            "it redirects to '\(address)': use a URL such as host.address(of: route), or a path with one slash at its "
                + "beginning")
    }
}
