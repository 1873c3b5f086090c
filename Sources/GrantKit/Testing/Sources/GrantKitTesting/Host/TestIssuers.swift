// SPDX-License-Identifier: Apache-2.0

public import GrantKit
import Synchronization

/// The issuers that plugins of a test's host trust: those of the loaded plugin, and those that the test adds.
public final class TestIssuers: Sendable {
    private let state = Mutex<[ForeignIssuer]>([])

    init() {}

    var all: [ForeignIssuer] { state.withLock { $0 } }

    /// Adds an issuer, as if another plugin had added it.
    public func add(_ issuer: ForeignIssuer) {
        state.withLock { $0.append(issuer) }
    }
}
