// SPDX-License-Identifier: Apache-2.0

import Foundation
import GrantKit

/// The plugins that come with this server, which run on the event loops (decision 0043).
///
/// A data file lists them, so that no code has to; a test compares it with Package.swift.
enum OwnPlugins {
    static let ids = ((try? JSON(parsing: PackageResources.own_plugins_json)) ?? .null).strings

    /// Whether a library comes with this server: it is in the server's own folder, and its id is in the list.
    ///
    /// Anyone who can write into that folder can replace the server too, so the content of the file is not compared.
    static func contain(_ id: String, at path: String) -> Bool {
        guard ids.contains(id) else { return false }
        let folder = URL(fileURLWithPath: path).deletingLastPathComponent().path
        return Installation.pluginFolders.contains { own in
            URL(fileURLWithPath: own).resolvingSymlinksInPath().path == folder
        }
    }
}
