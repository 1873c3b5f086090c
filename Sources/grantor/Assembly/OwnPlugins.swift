// SPDX-License-Identifier: Apache-2.0

import Foundation
import GrantKit

/// The plugins that come with this server, which run on the event loops (decision 0043).
///
/// Data files list them, so that no code has to; a test compares the list with Package.swift.
enum OwnPlugins {
    static let ids = ((try? JSON(parsing: PackageResources.own_plugins_json)) ?? .null).strings
    private static let unisolated = (try? JSON(parsing: PackageResources.unisolated_plugins_json)) ?? .null

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

    /// Why a plugin of this server cannot be isolated, although each of its roles could be; nil if it can be.
    static func refusal(of id: String, at path: String) -> String? {
        contain(id, at: path) ? unisolated[id]?.string : nil
    }
}
