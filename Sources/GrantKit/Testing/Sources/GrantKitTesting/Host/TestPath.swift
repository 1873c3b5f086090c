// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// The path of a route as on a server, in which segments such as `{id}` are variables.
struct TestPath {
    private let segments: [[UInt8]]

    init(of route: Route) {
        let base =
            switch route.base {
            case .endpoints: "/auth"
            case .wellKnown: "/.well-known"
            default: ""
            }
        segments = TestPath.split(base + route.path)
    }

    /// The names of the variables.
    var names: [String] {
        segments.filter(TestPath.isVariable).map { String(decoding: $0.dropFirst().dropLast(), as: UTF8.self) }
    }

    /// The path with a value in the place of each variable.
    func filled(with value: String) -> String {
        segments.map { TestPath.isVariable($0) ? value : String(decoding: $0, as: UTF8.self) }.joined(separator: "/")
    }

    /// Whether the path of a request is of this route.
    func matches(_ path: String) -> Bool {
        let parts = TestPath.split(path)
        return parts.count == segments.count
            && zip(segments, parts).allSatisfy { TestPath.isVariable($0) ? !$1.isEmpty : $0 == $1 }
    }

    /// Whether this route is tried before another that matches the same path.
    func precedes(_ other: TestPath) -> Bool {
        segments.map { TestPath.isVariable($0) ? 1 : 0 }
            .lexicographicallyPrecedes(other.segments.map { TestPath.isVariable($0) ? 1 : 0 })
    }

    /// The decoded values of the variables in the path of a request.
    ///
    /// - Throws: `OAuthError` `invalid_request`.
    func values(in path: String) throws -> Parameters {
        var values: [(name: String, value: String)] = []
        for (segment, part) in zip(segments, TestPath.split(path)) where TestPath.isVariable(segment) {
            let name = String(decoding: segment.dropFirst().dropLast(), as: UTF8.self)
            values.append((name, try TestPath.decode(part)))
        }
        return Parameters(values)
    }

    private static func isVariable(_ segment: [UInt8]) -> Bool {
        segment.first == UInt8(ascii: "{") && segment.last == UInt8(ascii: "}")
    }

    private static func split(_ path: String) -> [[UInt8]] {
        path.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false).map { Array($0) }
    }

    private static func decode(_ part: [UInt8]) throws -> String {
        var (bytes, rest) = ([UInt8](), part[...])
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "%") else {
                bytes.append(byte)
                continue
            }
            // Digits only, since a number may also begin with a sign.
            let digits = rest.prefix(2).filter { UInt8(ascii: "+") != $0 && UInt8(ascii: "-") != $0 }
            guard digits.count == 2, let escaped = UInt8(String(decoding: digits, as: UTF8.self), radix: 16) else {
                throw OAuthError(.invalidRequest, "a percent sign is not followed by two hexadecimal digits")
            }
            bytes.append(escaped)
            rest = rest.dropFirst(2)
        }
        guard !bytes.contains(0), let text = String(validating: bytes, as: UTF8.self) else {
            throw OAuthError(.invalidRequest, "a variable of the path is not UTF-8 or contains a NUL byte")
        }
        return text
    }
}
