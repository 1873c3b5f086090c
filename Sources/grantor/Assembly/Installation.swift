// SPDX-License-Identifier: Apache-2.0

import Foundation

/// Where libraries of plugins are looked for when the configuration says nothing.
enum Installation {
    static var pluginFolders: [String] {
        let program = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath().deletingLastPathComponent()
        let installed = program.deletingLastPathComponent().appendingPathComponent("lib/grantor").path
        // Beside the program is where a build leaves them.
        return FileManager.default.fileExists(atPath: installed) ? [installed] : [program.path]
    }
}
