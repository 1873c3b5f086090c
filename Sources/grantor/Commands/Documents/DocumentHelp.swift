// SPDX-License-Identifier: Apache-2.0

/// The help strings that differ between the commands for clients and those for users.
struct DocumentHelp {
    let show: String
    let disable: String
    let enable: String
    let remove: String
}
