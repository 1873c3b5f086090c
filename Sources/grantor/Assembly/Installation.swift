// SPDX-License-Identifier: Apache-2.0

import Foundation
import OutsideText

/// The running program, and the folders in which it looks for plugin libraries by default.
enum Installation {
    /// The path of the running program.
    static var program: String { URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath().path }

    /// The word that starts this program in a shell: its path if it was not found on the search path.
    static var command: String {
        let isPath = CommandLine.arguments.first?.raw.contains("/") ?? false
        return isPath ? CurlRequest.quoted(program) : "grantor"
    }

    static var pluginFolders: [String] {
        let folder = URL(fileURLWithPath: program).deletingLastPathComponent()
        let installed = folder.deletingLastPathComponent().appendingPathComponent("lib/grantor").path
        // A build leaves them beside the program.
        return FileManager.default.fileExists(atPath: installed) ? [installed] : [folder.path]
    }
}
