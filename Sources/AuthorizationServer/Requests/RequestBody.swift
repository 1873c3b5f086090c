// SPDX-License-Identifier: Apache-2.0

@_spi(Host) import GrantKit
import OutsideText

/// Reads the parameters in the body of a request, which may be a form or JSON.
enum RequestBody {
    private static let form = "application/x-www-form-urlencoded"

    static func parameters(of request: ServerRequest) throws -> Parameters {
        // The query ends up in logs, so secrets must not be sent there (RFC 6749 section 2.3.1).
        guard request.head.query?.isEmpty ?? true else {
            throw OAuthError(.invalidRequest, "parameters belong in the body, not in the query")
        }
        let header = request.head[header: "content-type"] ?? ""
        // Nearly every client sends exactly this.
        if header == form { return try FormBody.parse(request.body) }
        switch mediaType(header) {
        case form: return try FormBody.parse(request.body)
        case "application/json": return try json(request.body)
        default:
            throw OAuthError(
                .invalidRequest, "the content type must be application/x-www-form-urlencoded or application/json")
        }
    }

    /// A media type without parameters, in lower case (RFC 9110 section 8.3.1).
    private static func mediaType(_ header: String) -> String {
        header.raw.up(to: ";").trimmed().lowercased()
    }

    /// The fields of a form that a browser sends.
    static func form(of request: ServerRequest) throws -> Parameters {
        guard request.head.query?.isEmpty ?? true else {
            throw OAuthError(.invalidRequest, "parameters belong in the body, not in the query")
        }
        guard isForm(request) else {
            throw OAuthError(.invalidRequest, "the content type must be application/x-www-form-urlencoded")
        }
        return try FormBody.parse(request.body)
    }

    /// Whether the content type is that of a form.
    static func isForm(_ request: ServerRequest) -> Bool {
        mediaType(request.head[header: "content-type"] ?? "") == form
    }

    /// The JSON in a request, of any structure and of one of some media types, or nil if the body is empty (RFC 8259).
    static func document(of request: ServerRequest, types: [String]) throws -> JSON? {
        guard !request.body.isEmpty else { return nil }
        let type = mediaType(request.head[header: "content-type"] ?? "")
        guard types.contains(type) else {
            throw OAuthError(.invalidRequest, "the content type must be \(types.first ?? "application/json")")
        }
        return try parsed(request.body)
    }

    private static func parsed(_ body: [UInt8]) throws -> JSON {
        do {
            return try JSON(parsing: body)
        } catch let error as JSONError {
            throw OAuthError(.invalidRequest, "the body is not JSON: \(error.message) at byte \(error.offset)")
        }
    }

    /// Reads an object of strings; an array of strings is a repeated parameter.
    private static func json(_ body: [UInt8]) throws -> Parameters {
        guard case .object(let members) = try parsed(body) else {
            throw OAuthError(.invalidRequest, "the body must be a JSON object")
        }
        var all: [(name: String, value: String)] = []
        for member in members {
            guard let values = strings(member.value) else {
                throw OAuthError(.invalidRequest, "each member of the body must be a string or an array of strings")
            }
            all += values.map { (member.name, $0) }
        }
        guard all.count <= Limit.parameters else {
            throw OAuthError(.invalidRequest, "a request may have at most \(Limit.parameters) parameters")
        }
        guard !all.contains(where: { $0.name.isEmpty || $0.name.utf8.contains(0) || $0.value.utf8.contains(0) }) else {
            throw OAuthError(.invalidRequest, "a parameter has no name or contains a NUL byte")
        }
        return Parameters(all)
    }

    private static func strings(_ value: JSON) -> [String]? {
        switch value {
        case .string(let text): [text]
        case .array(let elements) where elements.allSatisfy({ $0.string != nil }): value.strings
        default: nil
        }
    }
}
