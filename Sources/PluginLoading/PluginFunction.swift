// SPDX-License-Identifier: Apache-2.0

import OutsideText

/// The function by which a library hands over its plugin; it is named after the plugin's id.
enum PluginFunction {
    private static let ending = "_plugin_make"

    /// The name of the function of a plugin.
    static func name(_ id: String) -> String {
        id.raw.replacing("-", with: "_") + ending
    }

    /// The ids of the plugins whose functions are in a library, which is not loaded; empty if it cannot be read.
    static func ids(inFileAt path: String) -> [String] {
        let names = (try? ELFFile(path: path).section(named: ".dynstr", limit: 1 << 20)) ?? []
        let length = ending.utf8.count
        return names.split(separator: 0).filter { $0.suffix(length).elementsEqual(ending.utf8) }.map { name in
            String(decoding: name.dropLast(length), as: UTF8.self).raw.replacing("_", with: "-")
        }
    }
}
