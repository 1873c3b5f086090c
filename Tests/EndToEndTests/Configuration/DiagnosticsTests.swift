// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

@Suite("The diagnostics of 'grantor check'", .timeLimit(.minutes(10)))
struct DiagnosticsTests {
    static let folder = "\(Build.root)/Tests/Fixtures/diagnostics"
    static let rules = ((try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? [])
        .filter { $0.hasSuffix(".yaml") }.map { String($0.dropLast(5)) }.sorted()

    private static let certificates = ((try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? [])
        .filter { $0.hasSuffix(".pem") }

    @Test("there is a golden file for each rule")
    func present() {
        #expect(DiagnosticsTests.rules.count >= 50)
    }

    @Test("the messages match the golden file", arguments: rules)
    func golden(_ rule: String) async throws {
        // In a checkout, others can read the files or even change them, which causes warnings.
        for name in DiagnosticsTests.certificates { chmod("\(DiagnosticsTests.folder)/\(name)", 0o600) }
        try await Folder.with { folder in
            // A limit on processor time in seconds, since no file may keep the processor busy, however small or clever
            // it is.
            let limited = "ulimit -t 20; exec '\(Build.program)' check --config \(rule).yaml"
            let ended = try Command.run("/bin/bash", ["-c", limited], in: folder, at: DiagnosticsTests.folder)
            let expected = Folder(path: DiagnosticsTests.folder).read("\(rule).txt")
            #expect(ended.errors == expected)
            #expect(ended.status == (expected.contains(": error: ") ? 78 : 0))
        }
    }
}
