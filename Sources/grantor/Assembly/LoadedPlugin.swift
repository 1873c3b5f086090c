// SPDX-License-Identifier: Apache-2.0

import AuthorizationServer
import ServerConfiguration

/// A registered plugin with its configuration entry and the file it was loaded from.
struct LoadedPlugin: Sendable {
    let entry: Configuration.PluginEntry
    let file: PluginFile
    let registered: RegisteredPlugin
}
