// SPDX-License-Identifier: Apache-2.0

/// A parser of input from outside, with the promises that must hold for every input.
struct FuzzedParser: Sendable {
    /// The name of the parser's corpus and dictionary.
    let name: String
    /// The maximum length of inputs worth trying, in bytes.
    let longest: Int
    /// Throws a `Finding` if a promise is broken; an input that is refused is not a finding.
    let check: @Sendable ([UInt8]) throws -> Void

    init(_ name: String, longest: Int = 512, _ check: @escaping @Sendable ([UInt8]) throws -> Void) {
        (self.name, self.longest, self.check) = (name, longest, check)
    }

    static let all =
        requestParsers + headerParsers + uriParsers + tokenParsers + keyParsers + fileParsers + outboundParsers
        + [PageHarness.parser]
}

/// A promise that an input broke.
struct Finding: Error, CustomStringConvertible {
    let description: String
}

/// Throws a `Finding` unless a promise holds.
func expect(_ holds: Bool, _ promise: @autoclosure () -> String) throws {
    guard holds else { throw Finding(description: promise()) }
}

/// Whether two strings have the same bytes; `==` ignores some differences.
func isSame(_ left: String, _ right: String) -> Bool {
    left.utf8.elementsEqual(right.utf8)
}

/// Bytes as the server reads them in a header: what is not UTF-8 is replaced.
func string(_ bytes: some Collection<UInt8>) -> String {
    String(decoding: bytes, as: UTF8.self)
}
