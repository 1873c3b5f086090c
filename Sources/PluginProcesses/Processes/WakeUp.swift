// SPDX-License-Identifier: Apache-2.0

import CPluginProcess
import Glibc

/// Wakes a thread that waits for descriptors.
final class WakeUp: Sendable {
    let descriptor: Int32

    init() {
        descriptor = grantor_wake_make()
    }

    deinit {
        close(descriptor)
    }

    /// Wakes the thread now, or the next time it waits.
    func wake() {
        grantor_wake(descriptor)
    }

    /// Notes that the thread is awake.
    func clear() {
        grantor_wake_clear(descriptor)
    }
}
