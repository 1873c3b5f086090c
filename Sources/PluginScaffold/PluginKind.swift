// SPDX-License-Identifier: Apache-2.0

/// The part of a server that a new plugin adds.
package enum PluginKind: String, Sendable, CaseIterable {
    case grant, format, store, endpoint, step, filter, claims, events

    /// The options with which `grantor plugin test` can check a plugin of this kind.
    ///
    /// A plugin with a file needs one for each check.
    package var testOptions: String {
        switch self {
        case .store: " --setting 'path={folder}/records.json'"
        case .events: " --setting 'path={folder}/events.jsonl'"
        default: ""
        }
    }
}
