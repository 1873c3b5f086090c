// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// The store as the current call may use it: a plugin may keep a service of the core that writes to the store for
/// longer than the request in which it got the service.
struct CurrentStore: StoreLayer {
    let core: ServerCore

    var inner: any Store { core.store }
}
