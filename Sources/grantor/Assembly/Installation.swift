// SPDX-License-Identifier: Apache-2.0

import Foundation

/// The folders in which the server looks for plugin libraries by default.
enum Installation {
    static var pluginFolders: [String] {
        let program = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath().deletingLastPathComponent()
        let installed = program.deletingLastPathComponent().appendingPathComponent("lib/grantor").path
        // A build leaves them beside the program.
        return FileManager.default.fileExists(atPath: installed) ? [installed] : [program.path]
    }
}
