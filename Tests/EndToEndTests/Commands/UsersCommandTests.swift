// SPDX-License-Identifier: Apache-2.0

import Foundation
import GrantKit
import Support
import Testing

/// A terminal at which 'grantor users add ann' asks for a password.
private enum Terminal {
    /// Answers the questions, and sends a signal after the first one if there is one.
    static func run(
        _ folder: Folder, typing lines: [String], sending number: Int32? = nil
    ) throws -> (status: Int32, shown: String, wasHidden: Bool, isHidden: Bool) {
        var (master, side): (Int32, Int32) = (-1, -1)
        guard openpty(&master, &side, nil, nil, nil) == 0 else { throw ConfigurationError("no terminal") }
        let slave = FileHandle(fileDescriptor: side, closeOnDealloc: true)
        // On Linux, the settings of a terminal can be read at its other end, even after everyone else has closed it.
        func isHidden() -> Bool {
            var settings = termios()
            return tcgetattr(master, &settings) == 0 && settings.c_lflag & tcflag_t(ECHO) == 0
        }
        let process = Process()
        process.executableURL = URL(fileURLWithPath: Build.program)
        process.arguments = ["users", "add", "ann"]
        process.currentDirectoryURL = URL(fileURLWithPath: folder.path)
        (process.standardInput, process.standardOutput, process.standardError) = (slave, slave, slave)
        try process.run()
        slave.closeFile()
        var (shown, typed, wasHidden) = ("", 0, false)
        var buffer = [UInt8](repeating: 0, count: 4096)
        // The end is an error here, since the other side has been closed.
        while case let count = read(master, &buffer, buffer.count), count > 0 {
            shown += String(decoding: buffer[..<count], as: UTF8.self)
            guard shown.hasSuffix(": ") else { continue }
            wasHidden = isHidden()
            if typed == 0, let number { kill(process.processIdentifier, number) }
            guard typed < lines.count else { continue }
            let line = Array((lines[typed] + "\n").utf8)
            typed += 1
            guard write(master, line, line.count) == line.count else { break }
        }
        process.waitOrKill(seconds: 60)
        defer { close(master) }
        return (process.terminationStatus, shown, wasHidden, isHidden())
    }
}

@Suite("The command 'grantor users'", .timeLimit(.minutes(10)))
struct UsersCommandTests {
    private static let declared =
        "users: [{ id: bob, email: bob@example.com, password: a secret of bob, inactive: true }]"

    private func with(_ body: (Folder) async throws -> Void) async throws {
        try await Folder.with { folder in
            try folder.write("config.yaml", Configurations.yaml(more: UsersCommandTests.declared))
            try folder.write("pw", "correct horse\n")
            try await body(folder)
        }
    }

    @Test("a document is shown without characters that a terminal obeys")
    func hostileText() async throws {
        try await with { folder in
            let note = "a\u{9B}31mb\u{202E}c\u{1B}[2Jd\u{E9}"
            let data = JSON.object([.init("note", .string(note))]).text
            let added = try users(folder, "add", "eve", "--data", data, "--no-password")
            #expect(added.status == 0, "\(added)")
            let shown = try users(folder, "show", "eve").output
            #expect(shown.contains(#"a\u009b31mb\u202ec\u001b[2Jd"# + "\u{E9}"), "\(shown)")
            let document = try JSON(parsing: shown.split(separator: "\n").first.map(String.init) ?? "")
            #expect(document["data"]?["note"]?.string == note)
        }
    }

    private func users(_ folder: Folder, _ arguments: String...) throws -> Ended {
        try Command.run(Build.program, ["users"] + arguments, in: folder)
    }

    @Test("creates, lists, shows, disables, enables, changes and removes users, and never shows a password")
    func walk() async throws {
        try await with { folder in
            let made = try users(
                folder, "add", "ann", "--email", "Ann@example.com", "--user-name", "annie", "--data",
                #"{"given_name":"Ann"}"#, "--password-file", "pw")
            #expect(made.status == 0 && made.output == "ann\n", "\(made.errors)")
            let listed = try users(folder, "list")
            #expect(
                listed.output.contains("ann  annie      Ann@example.com  active    set       the store"), "\(listed)")
            #expect(listed.output.contains("bob  -          bob@example.com  inactive  set       the configuration"))
            #expect(!listed.output.contains("secret") && !listed.output.contains("argon2"))
            #expect(try users(folder, "disable", "ann").output.contains("ann is inactive"))
            #expect(try users(folder, "list").output.contains("Ann@example.com  inactive"))
            #expect(try users(folder, "enable", "ann").output == "ann is active\n")
            #expect(try users(folder, "list").output.contains("Ann@example.com  active"))
            let changed = try users(folder, "password", "ann", "--password-file", "pw")
            #expect(changed.status == 0 && changed.output.contains("a new password"), "\(changed.errors)")
            let kept = try Command.shell("cat var/grantor.db*", in: folder)
            #expect(!kept.output.contains("correct horse"), "the file holds no password")
            let shown = try users(folder, "show", "ann").output
            #expect(shown.contains(#""email":"Ann@example.com""#) && shown.hasSuffix("}\npassword set\n"), "\(shown)")
            #expect(!shown.contains("argon2"))
            let declared = try users(folder, "show", "bob").output
            #expect(declared.hasSuffix("}\nkept in the configuration\n") && !declared.contains("secret"), "\(declared)")
            let removed = try users(folder, "remove", "ann")
            #expect(removed.output == "ann is removed; all sessions and tokens have ended\n", "\(removed.errors)")
            #expect(try !users(folder, "list").output.contains("ann"))
            let twice = try users(folder, "remove", "ann")
            #expect(twice.status != 0 && twice.errors.contains("there is no user 'ann' in the store"))
            let again = try users(
                folder, "add", "eve", "--email", "ann@example.com", "--user-name", "annie", "--no-password")
            #expect(again.status == 0, "the names are free: \(again.errors)")
            #expect(try users(folder, "show", "eve").output.hasSuffix("}\nno password\n"))
        }
    }

    @Test("reads a password from standard input, and generates an id if none is given")
    func standardInput() async throws {
        try await with { folder in
            let made = try Command.shell(
                "printf 'correct horse' | \(Build.program) users add --email x@example.com --password-file - && "
                    + "\(Build.program) users add eve --password-file <(echo 'correct horse')",
                in: folder)
            #expect(made.status == 0 && made.output.wholeMatch(of: /[0-9a-f\-]{36}\neve\n/) != nil, "\(made)")
        }
    }

    @Test("asks twice at the terminal without showing what is typed")
    func terminal() async throws {
        try await with { folder in
            let wrong = try await onThread { try Terminal.run(folder, typing: ["correct horse", "battery"]) }
            #expect(wrong.status != 0 && wrong.shown.contains("the two passwords differ"), "\(wrong)")
            let made = try await onThread { try Terminal.run(folder, typing: ["correct horse", "correct horse"]) }
            #expect(made.status == 0 && made.shown.contains("New password: \r\nAgain: \r\nann\r\n"), "\(made)")
            #expect(!(wrong.shown + made.shown).contains("horse"))
            #expect(try users(folder, "list").output.contains("ann"))
        }
    }

    @Test("however the command ends at the prompt, the terminal shows typed text again")
    func interrupted() async throws {
        try await with { folder in
            for number in [SIGINT, SIGTERM, SIGHUP] {
                let ended = try await onThread { try Terminal.run(folder, typing: [], sending: number) }
                #expect(ended.status == number && ended.wasHidden && !ended.isHidden, "\(ended)")
            }
            #expect(try !users(folder, "list").output.contains("ann"))
            // If the process were stopped and continued, the terminal would show the rest.
            let stopped = try await onThread {
                try Terminal.run(folder, typing: ["correct horse", "correct horse"], sending: SIGTSTP)
            }
            #expect(stopped.status == 0 && stopped.wasHidden && !stopped.shown.contains("horse"), "\(stopped)")
        }
    }

    @Test("a server records its declared users at the start and at a reload")
    func recorded() async throws {
        try await with { folder in
            let program = try await Program.start(folder)
            defer { program.stop() }
            // The users are recorded after the reload, and the next reload would cancel that.
            func reload(_ text: String, records record: String) async throws -> Bool {
                try folder.write("config.yaml", text)
                #expect(try await program.reload().contains("the configuration was reloaded"))
                return try await Patience.wait(until: {
                    try Command.shell("cat var/grantor.db*", in: folder).output.contains(record)
                })
            }
            let yaml = Configurations.yaml(more: UsersCommandTests.declared)
            #expect(try await reload(yaml, records: #""state":"inactive","changes":0"#))
            #expect(try await reload(yaml.replacing(", inactive: true", with: ""), records: #""changes":1"#))
            #expect(try await reload(Configurations.yaml(), records: #""state":"gone","changes":2"#))
        }
    }

    /// Commands that are refused, and the words that say why.
    static let refused: [(rule: String, arguments: [String], words: String)] = [
        ("nobody to ask", ["add", "eve"], "use --password-file"),
        ("no such file", ["add", "eve", "--password-file", "none"], "cannot be read"),
        ("an empty password", ["add", "eve", "--password-file", "/dev/null"], "1 to 512 bytes"),
        (
            "a name that is taken", ["add", "eve", "--email", "ANN@example.com", "--no-password"],
            "choose another email"
        ),
        ("a declared id", ["add", "bob", "--no-password"], "the configuration declares the user 'bob'"),
        ("a client's id", ["add", "service", "--no-password"], "id of a client"),
        ("data that is no object", ["add", "eve", "--data", "[]", "--no-password"], "must be a JSON object"),
        ("two ways at once", ["add", "eve", "--no-password", "--password-file", "pw"], "cannot be combined"),
        ("a password as an argument", ["add", "eve", "--password", "x"], "Unknown option '--password'"),
        ("an unknown user", ["disable", "eve"], "there is no user 'eve' in the store; 'grantor users list' shows"),
        (
            "an unknown user removed", ["remove", "eve"],
            "there is no user 'eve' in the store; 'grantor users list' shows"
        ),
        ("an unknown user shown", ["show", "eve"], "there is no user 'eve'; 'grantor users list' shows"),
        ("a name instead of an id", ["remove", "ann@example.com"], "there is no user 'ann@example.com'"),
        ("an id in another case", ["remove", "ANN"], "there is no user 'ANN'"),
        ("an id that no address names", ["add", "..", "--no-password"], "'id' must not be '.' or '..'"),
        ("a declared user disabled", ["disable", "bob"], "change it there, then reload"),
        ("a declared user removed", ["remove", "bob"], "change it there, then reload"),
        ("a client removed as a user", ["remove", "service"], "'service' is the id of a client"),
        ("a declared user's password", ["password", "bob", "--password-file", "pw"], "change it there, then reload"),
    ]

    @Test("says what is wrong and what to do", arguments: refused)
    func refuses(_ rule: String, _ arguments: [String], _ words: String) async throws {
        try await with { folder in
            #expect(
                try users(folder, "add", "ann", "--email", "ann@example.com", "--no-password").status == 0)
            let ended = try Command.run(Build.program, ["users"] + arguments, in: folder)
            #expect(ended.status != 0 && ended.errors.contains(words), "\(rule): \(ended.errors)")
            #expect(!ended.errors.contains("correct horse"))
        }
    }

    /// Ids that no user can have and that must not be printed to a terminal.
    static let hostileIDs = [
        "", "\u{1B}[2J", "a\nb", "\u{212A}", "ann\u{301}", String(repeating: "a", count: 257), "ann\u{202E}",
    ]

    @Test("every command refuses an invalid id without repeating it", arguments: hostileIDs)
    func hostile(_ id: String) async throws {
        try await with { folder in
            #expect(try users(folder, "add", "ann", "--no-password").status == 0)
            for command in ["show", "remove", "disable", "enable"] {
                let ended = try users(folder, command, id)
                #expect(ended.status == 64 && ended.errors.contains("1 to 256 printable ASCII"), "\(ended)")
                #expect(id.isEmpty || !ended.errors.contains(id))
            }
            #expect(try users(folder, "list").output.contains("ann"))
        }
    }

    @Test("a server neither starts nor reloads if it declares a name that a user in the store has")
    func conflict() async throws {
        try await with { folder in
            #expect(try users(folder, "add", "ann", "--email", "ann@example.com", "--no-password").status == 0)
            let program = try await Program.start(folder)
            defer { program.stop() }
            let more = "users: [{ id: ann2, email: ANN@example.com }]"
            try folder.write("config.yaml", Configurations.yaml(more: more))
            #expect(try await program.reload().contains("not reloaded"))
            let ended = try Command.grantor("serve", in: folder)
            #expect(
                ended.status == 78 && ended.errors.contains("'ann@example.com' already names a user in the store"),
                "\(ended.errors)")
        }
    }

    @Test(
        "the help of each command explains it",
        arguments: ["add", "list", "show", "password", "disable", "enable", "remove"])
    func help(_ name: String) async throws {
        try await Folder.with { folder in
            let shown = try Command.grantor("users", name, "--help", in: folder)
            #expect(shown.status == 0 && shown.output.contains("OVERVIEW") && shown.output.count > 300)
        }
    }
}
