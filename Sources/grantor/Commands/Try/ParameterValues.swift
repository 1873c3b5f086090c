// SPDX-License-Identifier: Apache-2.0

import AuthorizationServer
import Cryptography
import Foundation
import GrantKit
import OutsideText
import ServerConfiguration

/// The values of request parameters: given by the user, known from earlier requests and responses, or declared by
/// plugins as examples.
struct ParameterValues {
    /// Parameters that the core itself reads and that the user may want to set.
    private static let standard = ["redirect_uri", "response_mode", "audience", "state"]

    private(set) var given: [String: String] = [:]
    private var known: [String: String] = [:]
    /// The names of the parameters that were typed with echo off.
    private var hidden: Set<String> = []
    /// Whether requests are only printed, so that no values are asked for and no responses arrive.
    let isPrinting: Bool

    /// Reads the parameters given by the user, and asks for the values of those given without one.
    ///
    /// - Throws: `Failure` for a parameter that no request of the grant has.
    init(_ texts: [String], of choice: GrantChoice, _ generation: Generation, isPrinting: Bool) throws {
        self.isPrinting = isPrinting
        let ofPage = choice.flows.isEmpty ? [] : choice.flows.flatMap(\.parameters) + generation.filterParameters
        let ofToken = generation.tokenGrants.filter { choice.grants.contains($0.declaration) }.flatMap(\.parameters)
        let declared = ofPage + ofToken + generation.tokenFilterParameters
        for text in texts {
            let parts = text.raw.cut(at: "=").map { [$0.before.string, $0.behind.string] } ?? [text]
            let parameter = declared.first { $0.name == parts[0] }
            guard parameter != nil || ParameterValues.standard.contains(parts[0]) else {
                let names = declared.map(\.name) + ParameterValues.standard
                let note = Suggestion.note(for: parts[0], among: names)
                throw Failure("no request of '\(choice.grant.key)' has '\(parts[0])'\(note.map { "; \($0)" } ?? "")")
            }
            if parts.count > 1 { given[parts[0]] = parts[1] } else { try ask(parts[0], parameter?.isSecret ?? false) }
        }
    }

    /// Keeps a value from a request or a response.
    mutating func keep(_ name: String, _ value: String) {
        known[name] = value
    }

    /// Whether a parameter has a value without asking for one.
    func isKnown(_ parameter: ParameterDeclaration) -> Bool {
        given[parameter.name] != nil || known[parameter.name] != nil || parameter.example != nil
    }

    /// The value that a request sends for a parameter; nil if the request omits it.
    ///
    /// - Throws: `Failure` if the parameter is required and its value cannot be asked for.
    mutating func value(of parameter: ParameterDeclaration) throws -> CurlRequest.Value? {
        let name = parameter.name
        if given[name] == nil, known[name] == nil, parameter.isRequired, parameter.example == nil {
            if isPrinting { return .variable(ParameterValues.variable(name)) }
            try ask(name, parameter.isSecret)
        }
        guard let value = given[name] ?? known[name] ?? example(of: parameter) else { return nil }
        return hidden.contains(name) ? .hidden(value, as: ParameterValues.variable(name)) : .text(value)
    }

    private mutating func ask(_ name: String, _ isSecret: Bool) throws {
        given[name] = try ParameterValues.ask(name, isSecret: isSecret)
        if isSecret { hidden.insert(name) }
    }

    /// The shell variable in place of an unknown value.
    static func variable(_ name: String) -> String {
        let bytes = name.utf8.map { byte -> UInt8 in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"): byte & 0xDF
            case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "0")...UInt8(ascii: "9"): byte
            default: UInt8(ascii: "_")
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    private mutating func example(of parameter: ParameterDeclaration) -> String? {
        switch parameter.example {
        case .text(let text): return text
        case .random: return random(parameter.name)
        case .digest(let other): return Base64URL.encode(Digest.sha256(Array(random(other).utf8)))
        case nil: return nil
        @unknown default: return nil
        }
    }

    /// The value of a parameter, generated on first use.
    mutating func random(_ name: String) -> String {
        if let value = given[name] ?? known[name] { return value }
        let value = Base64URL.encode(Digest.random(32))
        known[name] = value
        return value
    }

    /// Asks at the terminal, or reads the next line of standard input.
    ///
    /// - Throws: `Failure` if no value is entered.
    static func ask(_ name: String, isSecret: Bool) throws -> String {
        if isSecret, isatty(STDIN_FILENO) == 1 { return try PasswordInput.prompt("\(name): ") }
        FileHandle.standardError.write(Data("\(name): ".utf8))
        guard let line = StandardInput.line(), !line.isEmpty else {
            throw Failure("'\(name)' is required and has no example; pass it with '--with \(name)=...'")
        }
        return line
    }
}
