// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import AuthorizationServer
import Foundation
import GrantKit
import ServerConfiguration

/// The source of a password for a command; never an argument, since every user of the machine can read arguments.
struct PasswordInput: ParsableArguments {
    @Option(
        name: .customLong("password-file"),
        help: ArgumentHelp(
            "A file that contains the password, or '-' for standard input. Without it, the command asks.",
            valueName: "file"))
    var file: String?

    /// Reads the password from the file, or asks for it twice.
    ///
    /// - Throws: `Failure` if it cannot be read, or if there is no terminal to ask at.
    func read() throws -> Secret {
        let text = try file.map(PasswordInput.contents) ?? PasswordInput.ask()
        guard (1...Limit.secret).contains(text.utf8.count) else {
            throw Failure("a password must have 1 to \(Limit.secret) bytes")
        }
        return Secret(text)
    }

    static func contents(_ name: String) throws -> String {
        // Reads through a handle, since a shell often passes a pipe.
        let handle = name == "-" ? FileHandle.standardInput : FileHandle(forReadingAtPath: name)
        guard let handle, let data = try? handle.read(upToCount: 1025) ?? Data(), data.count <= 1024,
            var text = String(validating: data, as: UTF8.self)
        else { throw Failure("the file '\(name)' cannot be read, is longer than 1024 bytes or is not UTF-8") }
        // Editors and 'echo' append a line end that is not part of the secret.
        if text.utf8.last == 0x0A {
            text = String(decoding: text.utf8.dropLast(text.utf8.suffix(2).first == 0x0D ? 2 : 1), as: UTF8.self)
        }
        if let oddity = SecretText.oddity(in: text, mayHoldLines: false), oddity.isError {
            throw Failure("the file '\(name)' contains a secret with \(oddity.what); \(oddity.remedy)")
        }
        return text
    }

    private static func ask() throws -> String {
        guard isatty(STDIN_FILENO) == 1 else {
            throw Failure("there is no terminal to ask for the password; use --password-file")
        }
        let password = try prompt("New password: ")
        guard try prompt("Again: ") == password else { throw Failure("the two passwords differ; nothing was changed") }
        return password
    }

    /// Prompts for a line and reads it with echo turned off.
    static func prompt(_ label: String) throws -> String {
        guard let terminal = HiddenTerminal() else {
            throw Failure("the terminal cannot hide what is typed")
        }
        defer { terminal.show() }
        FileHandle.standardError.write(Data(label.utf8))
        let line = readLine()
        FileHandle.standardError.write(Data("\n".utf8))
        guard let line else { throw Failure("no password was typed") }
        return line
    }
}
