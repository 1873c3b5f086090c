// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

@Suite("What 'grantor check' says of a configuration", .timeLimit(.minutes(2)))
struct DiagnosticsTests {
    static let folder = "\(Build.root)/Tests/Fixtures/diagnostics"
    static let rules = ((try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? [])
        .filter { $0.hasSuffix(".yaml") }.map { String($0.dropLast(5)) }.sorted()

    @Test("there is a file for each rule")
    func present() {
        #expect(DiagnosticsTests.rules.count >= 50)
    }

    @Test("the messages are those of the golden file", arguments: rules)
    func golden(_ rule: String) throws {
        let folder = Folder(path: DiagnosticsTests.folder)
        let process = Process()
        process.executableURL = URL(fileURLWithPath: Build.program)
        process.arguments = ["check", "--config", "\(rule).yaml"]
        process.currentDirectoryURL = URL(fileURLWithPath: folder.path)
        process.environment = ["PATH": "/usr/bin:/bin"]
        let (output, errors) = (Pipe(), Pipe())
        (process.standardOutput, process.standardError) = (output, errors)
        let start = ContinuousClock.now
        try process.run()
        let said = String(decoding: errors.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        let expected = folder.read("\(rule).txt")
        #expect(said == expected)
        #expect(process.terminationStatus == (expected.contains(": error: ") ? 78 : 0))
        #expect(ContinuousClock.now - start < .seconds(5), "\(rule) must not take long")
    }
}
