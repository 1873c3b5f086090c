// SPDX-License-Identifier: Apache-2.0

import Cryptography
import Foundation
import Testing

@testable import PluginLoading

@Suite("The checks of plugins that are programs", .timeLimit(.minutes(10)))
struct ProgramCheckTests {
    private static func with(_ body: (_ folder: String) throws -> Void) throws {
        let folder = "/tmp/grantor-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        chmod(folder, 0o755)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        for name in ["grant.py", "more.py"] { try write("\(folder)/\(name)", "# \(name)\n") }
        try body(folder)
    }

    private static func write(_ path: String, _ text: String, mode: mode_t = 0o644) throws {
        try text.write(toFile: path, atomically: true, encoding: .utf8)
        chmod(path, mode)
    }

    private static func check(_ command: String..., files: [String] = []) throws -> CheckedCode {
        try CheckedCode.program(command, files: files, version: "process 1")
    }

    private static func refusal(_ command: String...) -> String {
        do {
            _ = try CheckedCode.program(command, files: [], version: "process 1")
            return "no refusal"
        } catch {
            return "\(error)"
        }
    }

    @Test("a digest covers the program, its interpreter and its files")
    func digest() throws {
        try Self.with { folder in
            let (program, more) = ("\(folder)/grant.py", "\(folder)/more.py")
            let interpreter = "\(folder)/python"
            try Self.write(interpreter, "an interpreter", mode: 0o755)
            func digest() throws -> String {
                try Self.check(interpreter, "-Bs", program, files: [more]).digest(Digest.sha256)
            }
            let lines = try [program, interpreter, more].map { path in
                "\(try PluginLibrary.digest(of: path, sha256: Digest.sha256))  \(path)\n"
            }
            let first = try digest()
            #expect(first == PluginLibrary.hexadecimal(Digest.sha256(Array(lines.joined().utf8))))
            for path in [program, interpreter, more] {
                let former = try String(contentsOfFile: path, encoding: .utf8)
                try Self.write(path, former + "changed", mode: 0o755)
                #expect(try digest() != first, "\(path)")
                try Self.write(path, former, mode: 0o755)
            }
            #expect(try digest() == first)
        }
    }

    @Test("a program without interpreter and files has the digest of its bytes")
    func digestOfOne() throws {
        let code = try Self.check("/bin/true")
        let digest = try PluginLibrary.digest(of: code.path, sha256: Digest.sha256)
        #expect(try code.digest(Digest.sha256) == digest && code.files.isEmpty)
    }

    @Test("a script is refused, since nothing would check its interpreter")
    func refusesScript() throws {
        try Self.with { folder in
            let path = "\(folder)/grant"
            try Self.write(path, "#!/tmp/python\n", mode: 0o755)
            #expect(Self.refusal(path).contains("is a script, whose interpreter must be checked too"))
        }
    }

    @Test("an argument that names a file without its whole path is refused")
    func refusesRelative() throws {
        try Self.with { folder in
            let relative = String(folder.dropFirst()) + "/grant.py"
            let refusal = Self.refusal("/bin/true", relative)
            #expect(refusal.contains("names a file without its whole path") && refusal.contains("write \(folder)"))
            #expect(Self.refusal("/bin/true", "-Bs", "application/json") == "no refusal")
        }
    }

    @Test("a path through a link or folder that somebody else can change is refused", .enabled(if: geteuid() == 0))
    func refusesWay() throws {
        try Self.with { folder in
            let files = FileManager.default
            let (other, own) = ("\(folder)/other", "\(folder)/own")
            try files.createDirectory(atPath: other, withIntermediateDirectories: true)
            try files.createSymbolicLink(atPath: "\(other)/link", withDestinationPath: "../grant.py")
            try files.createSymbolicLink(atPath: own, withDestinationPath: "other/link")
            #expect(try Self.check("/bin/true", own).path == "\(folder)/grant.py")
            // The first link and the file are root's, and the link between them is in a folder that is not.
            #expect(chown(other, 65534, 65534) == 0)
            #expect(Self.refusal("/bin/true", own).contains("\(other) belongs to the user with the id 65534"))
            #expect(chown(other, 0, 0) == 0 && chmod(other, 0o1777) == 0)
            #expect(lchown("\(other)/link", 65534, 65534) == 0)
            #expect(Self.refusal("/bin/true", own).contains("\(other)/link belongs to the user with the id 65534"))
            try files.removeItem(atPath: own)
            try files.createSymbolicLink(atPath: own, withDestinationPath: own)
            #expect(Self.refusal("/bin/true", own).contains("cannot be found"))
        }
    }
}
