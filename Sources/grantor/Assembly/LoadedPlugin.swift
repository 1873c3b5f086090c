// SPDX-License-Identifier: Apache-2.0

import AuthorizationServer
import ServerConfiguration

/// A plugin with where it came from.
struct LoadedPlugin: Sendable {
    let entry: Configuration.PluginEntry
    let file: PluginFile
    let registered: RegisteredPlugin
}
