// SPDX-License-Identifier: Apache-2.0

import ArgumentParser

/// What happens to records of collections that no plugin of the configuration declares.
enum UnknownCollections: String, ExpressibleByArgument {
    /// They are written as they are.
    case keep
    /// They are left out.
    case drop
}
