// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// The claims of a refused request about itself, so that the operator can find out who sent it.
///
/// None of it has been checked. It is short, printable ASCII and contains no secret: of the query of a URI, only the
/// names of the parameters are kept.
struct NamedInRequest: Sendable {
    private static let longestID = 256
    private static let longestAddress = 512

    /// The client id in the request.
    private(set) var client: String?
    /// The URIs to which the request asks to be redirected, by the name of their parameter.
    private(set) var addresses: [(name: String, value: String)] = []

    init() {}

    /// Reads a request.
    ///
    /// - Parameters:
    ///   - request: The request.
    ///   - parameters: The parameters, if they are not simply those of the query or the body.
    init(_ request: ServerRequest, _ parameters: Parameters?) {
        let sent = parameters ?? NamedInRequest.parameters(of: request)
        let id = NamedInRequest.basic(request.head) ?? sent["client_id"]
        client = id.flatMap { $0.isEmpty ? nil : NamedInRequest.printable($0.utf8, NamedInRequest.longestID) }
        addresses = ["redirect_uri", "post_logout_redirect_uri"].compactMap { name in
            sent[name].map { (name, NamedInRequest.address($0)) }
        }
    }

    private static func parameters(of request: ServerRequest) -> Parameters {
        let sent =
            request.head.method == "GET"
            ? try? FormBody.parse(Array((request.head.query ?? "").utf8)) : try? RequestBody.parameters(of: request)
        return sent ?? [:]
    }

    /// The id in Basic credentials; without a colon, they may be nothing but a secret.
    private static func basic(_ head: RequestHead) -> String? {
        let header = Array((head[header: "authorization"] ?? "").utf8)
        guard header.count > 6, header[..<6].elementsEqual("Basic ".utf8) || header[..<6].elementsEqual("basic ".utf8),
            let bytes = Base64.decode(String(decoding: header[6...], as: UTF8.self)),
            let colon = bytes.firstIndex(of: UInt8(ascii: ":"))
        else { return nil }
        return try? FormBody.decode(bytes[..<colon])
    }

    // MARK: what is safe to log

    /// Removes what may be confidential from a URI: user and password, the values of the query, the fragment.
    private static func address(_ text: String) -> String {
        let bytes = Array(text.utf8)
        let end = bytes.firstIndex(of: UInt8(ascii: "#")) ?? bytes.endIndex
        let query = bytes[..<end].firstIndex(of: UInt8(ascii: "?")) ?? end
        var shown = withoutUser(bytes[..<query])
        if query < end { shown += [UInt8(ascii: "?")] + withoutValues(bytes[(query + 1)..<end]) }
        if end < bytes.endIndex { shown += Array("#...".utf8) }
        return printable(shown, longestAddress)
    }

    private static func withoutUser(_ bytes: ArraySlice<UInt8>) -> [UInt8] {
        guard let at = bytes.lastIndex(of: UInt8(ascii: "@")) else { return Array(bytes) }
        let start = bytes.firstIndex(of: UInt8(ascii: ":")).map { $0 + 1 } ?? bytes.startIndex
        guard start < at else { return Array(bytes[at...]) }
        let slashes = bytes[start..<at].prefix { $0 == UInt8(ascii: "/") }
        return Array(bytes[..<slashes.endIndex]) + Array("...".utf8) + Array(bytes[at...])
    }

    private static func withoutValues(_ query: ArraySlice<UInt8>) -> [UInt8] {
        let fields = query.split(separator: UInt8(ascii: "&"), omittingEmptySubsequences: false)
        let shown = fields.map { field -> [UInt8] in
            // A field without an equals sign is hidden entirely, because it may be a value.
            let name = field.firstIndex(of: UInt8(ascii: "=")).map { field[...$0] } ?? []
            return Array(name) + (field.isEmpty ? [] : Array("...".utf8))
        }
        return Array(shown.joined(separator: [UInt8(ascii: "&")]))
    }

    /// Printable ASCII of limited length; every other byte is percent-encoded.
    private static func printable(_ bytes: some Collection<UInt8>, _ longest: Int) -> String {
        let shown = bytes.prefix(longest).map { byte -> String in
            guard !(0x20...0x7E ~= byte) else { return String(UnicodeScalar(byte)) }
            return (byte < 0x10 ? "%0" : "%") + String(byte, radix: 16, uppercase: true)
        }
        return shown.joined() + (bytes.count > longest ? "..." : "")
    }
}

extension RequestTrace {
    /// The claims of a refused request about itself, by parameter name, without the client if that is known.
    var claims: [(name: String, value: String)] {
        (client == nil ? named.client.map { [("client_id", $0)] } ?? [] : []) + named.addresses
    }
}
