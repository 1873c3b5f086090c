// SPDX-License-Identifier: Apache-2.0

import CPluginABI

/// The version of the kit that this server was built with.
enum KitVersion {
    static let text = "\(GRANTOR_KIT_MAJOR).\(GRANTOR_KIT_MINOR)"
}
