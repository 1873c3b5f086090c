// SPDX-License-Identifier: Apache-2.0

import Testing

/// A package in the folder 'Examples', which is built as a third party builds it.
struct ExamplePackage {
    let folder: String
    let library: String

    /// Builds the package and runs its tests.
    ///
    /// - Returns: The path of its library.
    func build(in folder: Folder) throws -> String {
        // One folder for all, so that the kit is compiled once. SwiftPM lets one package wait for the other.
        let scratch = "\(Build.root)/.build-examples"
        let ended = try Command.shell(
            "swift test --package-path '\(Build.root)/Examples/\(self.folder)' --scratch-path '\(scratch)' 2>&1",
            in: folder)
        #expect(ended.status == 0, "\(ended.output)")
        #expect(ended.output.contains("Test run with"), "\(ended.output)")
        // A diagnostic begins with the path of the file.
        #expect(!ended.output.contains("/Examples/\(self.folder)/Sources/"), "\(ended.output)")
        return "\(scratch)/debug/lib\(library).so"
    }
}
