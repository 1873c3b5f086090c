// SPDX-License-Identifier: Apache-2.0

import Foundation
import GrantKit
import Support
import Testing

@Suite("The program's output at the start", .timeLimit(.minutes(10)))
struct StartTests {
    private static let warned = "  - { id: idle, secret: nothing-to-do }"

    @Test("with a JSON log, every line is an object, including warnings and errors")
    func json() async throws {
        try await Folder.with { folder in
            try folder.write("config.yaml", Configurations.yaml(more: StartTests.warned))
            let program = try await Program.start(folder)
            program.stop()
            let lines = program.log.utf8.split(separator: UInt8(ascii: "\n")).map { Array($0) }
            #expect(
                lines.contains {
                    (try? JSON(parsing: $0))?["message"]?.string?.contains("warning: client 'idle'") == true
                })
            for line in lines { #expect((try? JSON(parsing: line)) != nil, "\(String(decoding: line, as: UTF8.self))") }
            for text in ["plugins: [", "nonsense: 1", "issuer: http://127.0.0.1:8080\nplugins: [nothing-of-the-kind]"] {
                try folder.write("config.yaml", "log: { format: json }\n\(text)\n")
                let ended = try Command.grantor("serve", in: folder)
                #expect(ended.status == 78 && !ended.errors.isEmpty)
                for line in ended.errors.utf8.split(separator: UInt8(ascii: "\n")) {
                    #expect((try? JSON(parsing: Array(line))) != nil, "\(ended.errors)")
                }
            }
        }
    }

    @Test("an IPv6 address is configured without brackets and shown with them")
    func brackets() async throws {
        try await Folder.with { folder in
            try folder.write(
                "config.yaml", Configurations.yaml(listen: "{ host: \"::1\", port: 0 }"))
            let program = try await Program.start(folder)
            #expect(program.output.contains("listening   http://[::1]:\(program.port)\n"))
            program.stop()
        }
    }

    @Test("an address in use is explained")
    func taken() async throws {
        try await Folder.with { folder in
            try folder.write("config.yaml", Configurations.yaml())
            let program = try await Program.start(folder)
            try folder.write(
                "config.yaml", Configurations.yaml(listen: "{ host: 127.0.0.1, port: \(program.port) }"))
            let ended = try Command.grantor("serve", in: folder)
            #expect(ended.status == 1)
            let expected = "cannot listen on 127.0.0.1:\(program.port): another process already listens there"
            #expect(ended.errors.contains(expected) && !ended.errors.contains("descriptor"), "\(ended.errors)")
            program.stop()
        }
    }

    @Test("a TLS key that others can read is a warning")
    func exposed() async throws {
        try await Folder.with { folder in
            try FileManager.default.copyItem(
                atPath: "\(DiagnosticsTests.folder)/valid-full.pem", toPath: "\(folder.path)/both.pem")
            try folder.write(
                "config.yaml",
                Configurations.yaml(listen: "{ port: 0, tls: { certificate: both.pem, key: both.pem } }"))
            for (mode, isExposed) in [(0o644, true), (0o604, true), (0o600, false)] as [(mode_t, Bool)] {
                chmod("\(folder.path)/both.pem", mode)
                let ended = try Command.grantor("check", in: folder)
                #expect(ended.errors.contains("can read the key in 'both.pem'") == isExposed)
                #expect(ended.status == 0, "\(ended.errors)")
            }
        }
    }

    /// Bytes in a file or a variable, and what the message says about them; nil if they are just the secret.
    static let secrets: [(bytes: [UInt8], said: String?, status: Int32)] = [
        (Array("s3cret-value".utf8), nil, 0), (Array("s3cret-value\n".utf8), nil, 0),
        (Array("s3cret-value\r\n".utf8), nil, 0), (Array("s3cret value".utf8), nil, 0),
        (Array("s3cret-value\n\n".utf8), "a line end after it", 78),
        (Array("s3cret-value\r\n\r\n".utf8), "a line end", 78),
        (Array("s3cret-value\r".utf8), "a line end after it", 78),
        (Array("s3cret\nvalue\n".utf8), "a line end in it", 78),
        (Array("s3cret-value\u{2028}".utf8), "a line end after it", 78),
        (Array("s3cret-value \n".utf8), "a space after it", 0),
        (Array(" s3cret-value".utf8), "a space before it", 0),
        (Array("\u{A0}s3cret-value".utf8), "a space before it", 0),
        ([0xEF, 0xBB, 0xBF] + Array("s3cret-value\n".utf8), "a byte order mark before it", 78),
        (Array("s3cret\u{0}value".utf8), "U+0000", 78), (Array("s3cret\tvalue".utf8), "U+0009", 78),
        (Array("s3cret-value\u{7F}".utf8), "U+007F", 78), (Array("\n".utf8), "1 to 512 bytes", 78),
        ([], "1 to 512 bytes", 78),
    ]

    @Test(
        "stray characters in a secret's file are reported with the file's name and without the secret",
        arguments: secrets)
    func files(_ row: (bytes: [UInt8], said: String?, status: Int32)) throws {
        let folder = Folder(path: "/tmp/grantor-\(UUID().uuidString)")
        try FileManager.default.createDirectory(atPath: folder.path, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder.path) }
        let reference = Configurations.yaml().replacing("\"\(Configurations.secret)\"", with: "{ file: the-secret }")
        try folder.write("config.yaml", reference)
        try Data(row.bytes).write(to: URL(fileURLWithPath: "\(folder.path)/the-secret"))
        let ended = try Command.grantor("check", in: folder)
        #expect(ended.status == row.status, "\(ended.errors)")
        let told = ended.errors
        if let said = row.said {
            #expect(told.contains(said), "\(told)")
        } else {
            #expect(!told.contains("the-secret"), "\(told)")
        }
        if let said = row.said, !said.hasPrefix("1 to") { #expect(told.contains("'the-secret'")) }
        #expect(!told.contains("s3cret"), "never its content")
    }

    @Test("unwanted characters in an environment variable are reported with the variable's name")
    func variables() async throws {
        try await Folder.with { folder in
            let reference = Configurations.yaml().replacing("\"\(Configurations.secret)\"", with: "{ env: THE_SECRET }")
            try folder.write("config.yaml", reference)
            for (value, said) in [
                ("s3cret-value\n", "a line end after it"),
                ("\u{FEFF}s3cret-value", "a byte order mark before it"), ("s3cret ", "a space after it"),
            ] {
                let ended = try Command.grantor("check", in: folder, environment: ["THE_SECRET": value])
                #expect(ended.errors.contains("the environment variable 'THE_SECRET' contains a secret with \(said)"))
                #expect(!ended.errors.contains("s3cret"))
            }
        }
    }
}
