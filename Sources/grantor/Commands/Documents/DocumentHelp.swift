// SPDX-License-Identifier: Apache-2.0

/// What the help of the commands tells that is not the same for clients and users.
struct DocumentHelp {
    let show: String
    let disable: String
    let enable: String
    let remove: String
}
