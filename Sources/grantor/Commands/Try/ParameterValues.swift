// SPDX-License-Identifier: Apache-2.0

import AuthorizationServer
import Cryptography
import Foundation
import GrantKit
import OutsideText
import ServerConfiguration

/// The values of a flow's parameters: what the person gave, what was sent or answered before, what plugins declare as
/// examples.
struct ParameterValues {
    /// What the core itself reads of requests, and a person may want to set.
    private static let standard = ["redirect_uri", "response_mode", "audience", "state"]

    private(set) var given: [String: String] = [:]
    private var known: [String: String] = [:]
    /// The names of what was typed unseen.
    private var hidden: Set<String> = []
    /// Whether requests are only shown, so that nothing is asked and no answer comes.
    let isPrinting: Bool

    /// Reads what the person gave, and asks for what was given without a value.
    ///
    /// - Throws: `Failure` for a name that no request of the flow has.
    init(_ texts: [String], of choice: GrantChoice, _ generation: Generation, isPrinting: Bool) throws {
        self.isPrinting = isPrinting
        let ofPage = choice.flows.isEmpty ? [] : choice.flows.flatMap(\.parameters) + generation.filterParameters
        let ofToken = generation.tokenGrants.filter { choice.grants.contains($0.declaration) }.flatMap(\.parameters)
        let declared = ofPage + ofToken
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

    /// Keeps what was sent, or what an answer holds.
    mutating func keep(_ name: String, _ value: String) {
        known[name] = value
    }

    /// Whether a request can have a parameter without anybody being asked.
    func isKnown(_ parameter: ParameterDeclaration) -> Bool {
        given[parameter.name] != nil || known[parameter.name] != nil || parameter.example != nil
    }

    /// What a request sends for a parameter; nil if it leaves it out.
    ///
    /// - Throws: `Failure` if it has to be there and nobody can be asked.
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

    /// The variable of the shell that stands for a value which is not known.
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

    /// The value of a name, which is made up once.
    mutating func random(_ name: String) -> String {
        if let value = given[name] ?? known[name] { return value }
        let value = Base64URL.encode(Digest.random(32))
        known[name] = value
        return value
    }

    /// Asks at the terminal, or takes the next line of standard input.
    ///
    /// - Throws: `Failure` if nothing comes.
    static func ask(_ name: String, isSecret: Bool) throws -> String {
        if isSecret, isatty(STDIN_FILENO) == 1 { return try PasswordInput.prompt("\(name): ") }
        FileHandle.standardError.write(Data("\(name): ".utf8))
        guard let line = StandardInput.line(), !line.isEmpty else {
            throw Failure("'\(name)' is needed and has no example: give it by '--with \(name)=...'")
        }
        return line
    }
}
