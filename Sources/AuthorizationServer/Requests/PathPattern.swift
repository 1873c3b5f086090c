// SPDX-License-Identifier: Apache-2.0

@_spi(Host) import GrantKit
import OutsideText

/// The path of a route, in which segments such as `{id}` are variables.
struct PathPattern: Sendable {
    private enum Segment: Sendable {
        case text(RawText)
        case variable(RawText)

        init(_ raw: RawText) {
            let isVariable = raw.starts(with: "{") && raw.ends(with: "}")
            self = isVariable ? .variable(raw.dropFirst().dropLast()) : .text(raw)
        }

        /// The name, if this is a variable.
        var name: RawText? {
            if case .variable(let name) = self { name } else { nil }
        }

        var isVariable: Bool { name != nil }

        /// The text, if it has no brace; nil otherwise, and for a variable.
        var plain: RawText? {
            guard case .text(let text) = self, !text.contains("{"), !text.contains("}") else { return nil }
            return text
        }

        func matches(_ part: RawText) -> Bool {
            switch self {
            case .text(let text): text == part
            case .variable: !part.isEmpty
            }
        }
    }

    private let segments: [Segment]
    private let variables: [RawText]
    /// Is called with each variable that is looked up and that the path does not have.
    private var missing: (@Sendable (String) -> Void)?

    /// Reads a path.
    ///
    /// - Parameters:
    ///   - path: The path of a route.
    ///   - base: The path in front of it, from the configuration, where nothing is a variable.
    init(_ path: String, below base: String = "") {
        let own = path.raw.split(at: "/", keepingEmpty: true).dropFirst().map(Segment.init)
        segments = base.raw.split(at: "/", keepingEmpty: true).map(Segment.text) + own
        variables = own.compactMap(\.name)
    }

    /// Reads the path of an endpoint, whose reads of other variables are reported to the log.
    init(of endpoint: Owned<any Endpoint>) {
        self.init(endpoint.role.route.path)
        let reads = UndeclaredReads(variables.map(\.string), by: "Endpoint", declaredIn: "route", endpoint.log)
        missing = { reads.note($0) }
    }

    var hasVariables: Bool { !variables.isEmpty }

    /// Whether each variable is a whole segment, with a name of its own of letters, digits and underscores.
    var isValid: Bool {
        let names = variables.filter { !$0.isEmpty && $0.bytes.allSatisfy { ASCII.isLetterOrDigit($0) || $0 == 0x5F } }
        return Set(names).count == variables.count && segments.allSatisfy { $0.isVariable || $0.plain != nil }
    }

    /// The path with its variables unnamed, which is equal for all patterns of the same paths.
    var unnamed: String {
        segments.map { $0.plain?.string ?? "{}" }.joined(separator: "/")
    }

    // MARK: requests

    /// Whether this pattern is tried before another: of two that match a path, the first is the one whose
    /// first variable comes later.
    func precedes(_ other: PathPattern) -> Bool {
        segments.map { $0.isVariable ? 1 : 0 }.lexicographicallyPrecedes(other.segments.map { $0.isVariable ? 1 : 0 })
    }

    /// Whether the segments of a path are of this pattern.
    func matches(_ parts: [RawText]) -> Bool {
        parts.count == segments.count && zip(segments, parts).allSatisfy { $0.matches($1) }
    }

    /// The values of the variables in the path of a request, decoded (RFC 3986 section 2.1).
    ///
    /// - Throws: `OAuthError` `invalid_request`.
    func values(in path: String) throws -> Parameters {
        var values: [(name: String, value: String)] = []
        if hasVariables {
            // The path of a request has more in front, such as the base path.
            let parts = path.raw.split(at: "/", keepingEmpty: true).suffix(segments.count)
            for (segment, part) in zip(segments, parts) {
                guard let name = segment.name else { continue }
                // In a path, a plus sign is not a space.
                values.append((name.string, try FormBody.decode(Array(part.replacing("+", with: "%2B").utf8)[...])))
            }
        }
        var parameters = Parameters(values)
        parameters.missing = missing
        return parameters
    }
}
