// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import AuthorizationServer
import Foundation
import GrantKit
import ServerConfiguration

/// Where a command takes a password from: never from an argument, which every user of the machine could read.
struct PasswordInput: ParsableArguments {
    @Option(
        name: .customLong("password-file"),
        help: ArgumentHelp(
            "The file that holds the password, or '-' for standard input; without it the command asks.",
            valueName: "file"))
    var file: String?

    /// Reads the password, or asks for it twice.
    ///
    /// - Throws: `Failure` if there is nobody to ask.
    func read() throws -> Secret {
        let text = try file.map(PasswordInput.contents) ?? PasswordInput.ask()
        guard (1...Limit.secret).contains(text.utf8.count) else {
            throw Failure("a password must have 1 to \(Limit.secret) bytes")
        }
        return Secret(text)
    }

    static func contents(_ name: String) throws -> String {
        // Not all at once by its path: what a shell passes is often a pipe.
        let handle = name == "-" ? FileHandle.standardInput : FileHandle(forReadingAtPath: name)
        guard let handle, let data = try? handle.read(upToCount: 1025) ?? Data(), data.count <= 1024,
            var text = String(validating: data, as: UTF8.self)
        else { throw Failure("the file '\(name)' cannot be read as a short UTF-8 text") }
        // Editors and 'echo' add a line end that is not part of the secret.
        if text.utf8.last == 0x0A {
            text = String(decoding: text.utf8.dropLast(text.utf8.suffix(2).first == 0x0D ? 2 : 1), as: UTF8.self)
        }
        if let oddity = SecretText.oddity(in: text, mayHoldLines: false), oddity.isError {
            throw Failure("the file '\(name)' holds a secret with \(oddity.what); \(oddity.remedy)")
        }
        return text
    }

    private static func ask() throws -> String {
        guard isatty(STDIN_FILENO) == 1 else {
            throw Failure("there is no terminal to ask for the password at; use --password-file")
        }
        let password = try prompt("New password: ")
        guard try prompt("Again: ") == password else { throw Failure("the two passwords differ; nothing was changed") }
        return password
    }

    /// Reads a line while the terminal shows nothing of it.
    static func prompt(_ label: String) throws -> String {
        guard let terminal = HiddenTerminal() else {
            throw Failure("the terminal cannot be told not to show a password")
        }
        defer { terminal.show() }
        FileHandle.standardError.write(Data(label.utf8))
        let line = readLine()
        FileHandle.standardError.write(Data("\n".utf8))
        guard let line else { throw Failure("no password was typed") }
        return line
    }
}
