// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// A server that gets security event tokens.
struct Receiver: Sendable {
    /// The URL to which tokens are sent.
    let url: WebAddress
    /// The `aud` of the tokens.
    let audience: String
    let kinds: Set<Event.Kind>
    /// The longest time for an attempt.
    let timeout: Duration
    /// The header field that identifies this server to the receiver.
    let authorization: (name: String, value: Secret)?

    /// Reads a receiver.
    ///
    /// - Throws: `ConfigurationError`.
    init(_ settings: Settings) throws {
        let names = settings.read("events", default: EventNames.promised, "the events that it gets")
        let audience = settings.read(
            "audience", default: "", "the 'aud' of its tokens; if it is empty, scheme, host and port of 'url'")
        timeout = settings.read(
            "timeout", default: .seconds(5), in: .seconds(1)...(.seconds(10)), "how long an attempt may take")
        let secret = settings.read(secret: "secret", "identifies this server to the receiver; sent in 'header'")
        let header = settings.read(
            "header", default: Receiver.bearer,
            "the header field with 'secret'; in 'authorization' it is sent as a bearer token (RFC 6750)")
        // Last, since it can throw, and a setting that has not been read counts as unknown.
        url = try settings.read(
            url: "url", example: "https://receiver.example/events", "where the receiver accepts tokens")
        self.audience = audience.isEmpty ? url.origin : audience
        kinds = try EventNames.kinds(names)
        authorization = try secret.map { try Receiver.field(header, $0) }
    }

    /// The URL for the log, without its query, which may contain a secret.
    static func shown(_ url: String) -> String {
        String(decoding: url.utf8.prefix { $0 != UInt8(ascii: "?") }, as: UTF8.self)
    }

    var shown: String { Receiver.shown(url.text) }

    // MARK: the header field

    private static let bearer = "authorization"
    /// The header fields that describe the content of a request and how it is sent.
    private static let reserved = [
        "accept", "connection", "content-length", "content-type", "host", "te", "trailer", "transfer-encoding",
        "upgrade",
    ]

    private static func field(_ header: String, _ secret: Secret) throws -> (name: String, value: Secret) {
        let name = String(decoding: header.utf8.map { 0x41...0x5A ~= $0 ? $0 | 0x20 : $0 }, as: UTF8.self)
        guard (1...64).contains(name.utf8.count), name.utf8.allSatisfy(isOfName), !reserved.contains(name) else {
            throw ConfigurationError(
                "'header' must be the name of a header field that the server does not set itself, such as x-api-key",
                at: "header")
        }
        // A space or a line end could split the field.
        guard secret.exposed.utf8.allSatisfy({ 0x21...0x7E ~= $0 }) else {
            throw ConfigurationError("'secret' must be printable ASCII without spaces", at: "secret")
        }
        return (name, name == bearer ? Secret("Bearer \(secret.exposed)") : secret)
    }

    /// Whether a byte may be in the name of a header field: letters, digits and hyphens, which every server accepts.
    private static func isOfName(_ byte: UInt8) -> Bool {
        0x61...0x7A ~= byte || 0x30...0x39 ~= byte || byte == UInt8(ascii: "-")
    }
}
