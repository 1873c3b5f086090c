// SPDX-License-Identifier: Apache-2.0

import Foundation
import Support
import Testing

@testable import ServerHTTP

@Suite("A file of trusted authorities has certificates and nothing else", .timeLimit(.minutes(10)))
struct AuthorityTests {
    private static let now = Int(Date().timeIntervalSince1970)

    private func problem(_ text: String) -> String? {
        do {
            _ = try TrustedAuthorities(Array(text.utf8), now: Self.now)
            return nil
        } catch {
            return error.message
        }
    }

    @Test("certificates are read, whatever their line ends and the comments between them")
    func read() async throws {
        try await Folder.with { folder in
            let one = try OtherAuthority(folder).certificate
            let two = try OtherAuthority(folder).certificate
            for text in [
                one + two, "# one\n\(one)\n# two\n\(two)the end", (one + two).replacing("\n", with: "\r\n"),
                (one + two).replacing("\n", with: " \n"), "\(one)\(two.dropLast())",
                (one + two).replacing(" CERTIFICATE", with: " X509 CERTIFICATE"),
            ] {
                let read = try TrustedAuthorities(Array(text.utf8), now: Self.now)
                #expect(read.certificates.count == 2 && read.certificates[0] != read.certificates[1])
                #expect(read.expired.isEmpty)
            }
            let late = try TrustedAuthorities(Array("\n\(one)".utf8), now: Self.now + 3 * 86400)
            #expect(late.expired == [2])
        }
    }

    @Test("anything else is refused with its line")
    func refused() async throws {
        try await Folder.with { folder in
            let one = try OtherAuthority(folder).certificate
            let key = folder.read("ca.key")
            let lines = one.split(separator: "\n").count
            #expect(problem("")?.contains("no certificate") == true)
            #expect(problem("no PEM")?.contains("no certificate") == true)
            #expect(problem(one + key)?.contains("private key in line \(lines + 1)") == true)
            let kinds = ["EC PRIVATE KEY", "RSA PRIVATE KEY", "ENCRYPTED PRIVATE KEY"]
            for kind in kinds {
                let other = key.replacing("PRIVATE KEY", with: kind)
                #expect(problem(other + one)?.contains("private key in line 1") == true, "\(kind)")
            }
            let request = one.replacing("CERTIFICATE", with: "CERTIFICATE REQUEST")
            #expect(problem(request)?.contains("line 1 is not a certificate") == true)
            #expect(problem(String(one.dropLast(30)))?.contains("has no end") == true)
            #expect(problem(String(one.dropLast(30)) + "\n" + one)?.contains("has no end") == true)
            for broken in [one.replacing("MII", with: "AAA"), one.replacing("MII", with: "!!!")] {
                #expect(problem(one + broken)?.contains("in line \(lines + 1) cannot be read") == true)
            }
        }
    }

    @Test("a file that is missing, no file or too large is not read, and a link is followed")
    func files() async throws {
        func problem(_ path: String) -> String? {
            do {
                _ = try TrustedAuthorities(file: path, now: Self.now)
                return nil
            } catch {
                return error.message
            }
        }
        try await Folder.with { folder in
            let one = try OtherAuthority(folder).certificate
            #expect(problem("\(folder.path)/none.pem") == "it does not exist")
            #expect(problem(folder.path) == "it is not a file" && problem("/dev/zero") == "it is not a file")
            try folder.write("large.pem", one + String(repeating: "#\n", count: 1 << 19))
            #expect(problem("\(folder.path)/large.pem") == "it is larger than 1 MiB")
            // As Kubernetes mounts a map of configuration.
            try FileManager.default.createSymbolicLink(
                atPath: "\(folder.path)/link.pem", withDestinationPath: "ca.pem")
            #expect(problem("\(folder.path)/link.pem") == nil)
        }
    }

    @Test(
        "a file that others can change is reported by 'check', and one that they can read is not",
        arguments: [(0o644, false), (0o664, true), (0o646, true)])
    func permissions(_ mode: Int, _ isReported: Bool) async throws {
        try await Folder.with { folder in
            _ = try OtherAuthority(folder)
            chmod("\(folder.path)/ca.pem", mode_t(mode))
            try folder.write("config.yaml", Keyed.configuration("ca_file: ca.pem"))
            let ended = try Command.grantor("check", in: folder)
            #expect(ended.status == 0, "\(ended.errors)")
            #expect(ended.errors.contains("can change the certificates in 'ca.pem'") == isReported)
            #expect(ended.errors.contains("chmod go-w 'ca.pem'") == isReported)
        }
    }
}
