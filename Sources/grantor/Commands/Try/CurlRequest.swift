// SPDX-License-Identifier: Apache-2.0

import Foundation
import GrantKit
import OutsideText

/// A request that can be shown as a curl command line and sent with curl.
struct CurlRequest {
    /// A value in a request.
    enum Value {
        /// A known value.
        case text(String)
        /// A value from a response that has not arrived yet, shown as a shell variable.
        case variable(String)
        /// A value that was typed with echo off, and is therefore shown as a shell variable.
        case hidden(String, as: String)
        /// A value that is good for one request, shown as the command that prints another one.
        case printed(String, by: String)

        /// The value to send; nil if it is not known.
        var text: String? {
            switch self {
            case .text(let text), .hidden(let text, _), .printed(let text, _): text
            case .variable: nil
            }
        }
    }

    let url: String
    /// The options of curl before the URL, with their values.
    private var options: [(option: String, name: String, value: Value)] = []

    init(_ url: String) {
        self.url = url
    }

    /// Adds client credentials (RFC 6749 section 2.3.1).
    ///
    /// - Parameters:
    ///   - id: The client's id.
    ///   - secret: The client's secret.
    ///   - isShown: Whether the line shows the secret; if not, curl asks for it.
    mutating func authenticate(_ id: String, _ secret: String, isShown: Bool) {
        let (id, secret) = (id.percentEncoded, secret.percentEncoded)
        options.append(("user", "", isShown ? .text("\(id):\(secret)") : .hidden("\(id):\(secret)", as: id)))
    }

    mutating func add(header: String, _ value: String) {
        options.append(("header", "", .text("\(header): \(value)")))
    }

    mutating func add(_ name: String, _ value: Value) {
        options.append(("data-urlencode", "\(name.percentEncoded)=", value))
    }

    // MARK: command line

    /// The command line, ready to be pasted into a shell.
    var line: String {
        let words = options.flatMap { option, name, value in
            switch value {
            case .hidden(_, let id) where option == "user": ["-u", CurlRequest.quoted(id)]
            case .variable(let variable), .hidden(_, let variable): ["--\(option)", "\"\(name)$\(variable)\""]
            case .printed(_, let command): ["--\(option)", "\"\(name)$(\(command))\""]
            // A control character could command the terminal, and a line break would split the line when pasted.
            case .text(let text) where option == "data-urlencode" && text.unicodeScalars.contains(where: isControl):
                ["-d", CurlRequest.quoted(name + text.percentEncoded)]
            case .text(let text): [CurlRequest.short(option, text), CurlRequest.quoted(name + text)]
            }
        }
        return (["curl", "-s"] + words + [CurlRequest.quoted(url)]).joined(separator: " ")
    }

    private func isControl(_ scalar: Unicode.Scalar) -> Bool {
        [.control, .format, .lineSeparator, .paragraphSeparator].contains(scalar.properties.generalCategory)
    }

    private static func short(_ option: String, _ text: String) -> String {
        switch option {
        case "user": "-u"
        case "header": "-H"
        default: text.percentEncoded == text ? "-d" : "--\(option)"
        }
    }

    /// A word, quoted for a shell if necessary.
    static func quoted(_ word: String) -> String {
        let isPlain = word.utf8.allSatisfy {
            $0 != UInt8(ascii: "~") && isUnreserved($0) || "/:=@%,+".utf8.contains($0)
        }
        return isPlain && !word.isEmpty ? word : "'\(word.raw.replacing("'", with: "'\\''"))'"
    }

    private static func isUnreserved(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"):
            true
        default: "-._~".utf8.contains(byte)
        }
    }

    // MARK: sending

    /// A response.
    struct Answer {
        let status: Int
        let body: String
        var json: JSON? { try? JSON(parsing: body) }
    }

    /// Sends the request; curl gets it through a pipe, since every user of the machine can read arguments.
    ///
    /// - Throws: `Failure` if curl cannot be run or no response arrives.
    func send() throws -> Answer {
        let (process, input, output, errors) = (Process(), Pipe(), Pipe(), Pipe())
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = ["curl", "--config", "-"]
        (process.standardInput, process.standardOutput, process.standardError) = (input, output, errors)
        do { try process.run() } catch { throw Failure("curl cannot be started: \(error)") }
        try? input.fileHandleForWriting.write(contentsOf: Data(configuration.utf8))
        try? input.fileHandleForWriting.close()
        let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        let problem = String(decoding: errors.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        // The status of 'env' for a program that is not found.
        guard process.terminationStatus != 127 else {
            throw Failure("curl is not installed; install it, or use --print, which does not need it")
        }
        let parts = text.raw.cut(atLast: "\n")
        guard process.terminationStatus == 0, let (body, code) = parts, let status = Int(code.string) else {
            throw Failure("\(problem.trimmingCharacters(in: .newlines)); start the server with 'grantor serve'")
        }
        return Answer(status: status, body: body.string)
    }

    /// The request as a configuration file for curl.
    private var configuration: String {
        var lines = ["silent", "show-error", "max-time = 60", "write-out = \"\\n%{http_code}\""]
        lines += options.compactMap { option, name, value in
            value.text.map { "\(option) = \(CurlRequest.escaped(name + $0))" }
        }
        return (lines + ["url = \(CurlRequest.escaped(url))"]).joined(separator: "\n") + "\n"
    }

    private static func escaped(_ text: String) -> String {
        let marks: [(Unicode.Scalar, String)] = [
            ("\\", "\\\\"), ("\"", "\\\""), ("\n", "\\n"), ("\r", "\\r"), ("\t", "\\t"),
        ]
        return "\"\(marks.reduce(text) { $0.raw.replacing($1.0, with: $1.1) })\""
    }
}
