// SPDX-License-Identifier: Apache-2.0

import GrantKit
import OutsideText

/// Parses `application/x-www-form-urlencoded` bodies strictly (RFC 6749 appendix B).
enum FormBody {
    static func parse(_ body: [UInt8]) throws -> Parameters {
        var all: [(name: String, value: String)] = []
        var rest = body[...]
        while !rest.isEmpty {
            let pair = rest.prefix { $0 != UInt8(ascii: "&") }
            rest = rest.dropFirst(pair.count + 1)
            guard !pair.isEmpty else { continue }
            guard all.count < Limit.parameters else {
                throw OAuthError(.invalidRequest, "a request may have at most \(Limit.parameters) parameters")
            }
            let encoded = pair.prefix { $0 != UInt8(ascii: "=") }
            let name = try decode(encoded)
            guard !name.isEmpty else { throw OAuthError(.invalidRequest, "a parameter has no name") }
            all.append((name, try decode(pair.dropFirst(encoded.count + 1))))
        }
        return Parameters(all)
    }

    /// Decodes a name or value: a plus sign is a space, a percent sign precedes two digits, the result is UTF-8 without
    /// NUL.
    static func decode(_ encoded: ArraySlice<UInt8>) throws -> String {
        guard encoded.contains(where: { $0 == UInt8(ascii: "+") || $0 == UInt8(ascii: "%") }) else {
            return try text(encoded)
        }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(encoded.count)
        var iterator = encoded.makeIterator()
        while let byte = iterator.next() {
            switch byte {
            case UInt8(ascii: "+"): bytes.append(0x20)
            case UInt8(ascii: "%"):
                guard let high = iterator.next().flatMap(ASCII.hexadecimal),
                    let low = iterator.next().flatMap(ASCII.hexadecimal)
                else {
                    throw OAuthError(.invalidRequest, "a percent sign is not followed by two hexadecimal digits")
                }
                bytes.append(high << 4 | low)
            default: bytes.append(byte)
            }
        }
        return try text(bytes[...])
    }

    private static func text(_ bytes: ArraySlice<UInt8>) throws -> String {
        if bytes.allSatisfy({ 0x01...0x7F ~= $0 }) { return String(decoding: bytes, as: UTF8.self) }
        guard !bytes.contains(0) else { throw OAuthError(.invalidRequest, "a parameter contains a NUL byte") }
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw OAuthError(.invalidRequest, "a parameter is not UTF-8")
        }
        return text
    }
}
