// SPDX-License-Identifier: Apache-2.0

import COpenSSL
import Synchronization

/// OpenSSL's contexts for one operation with one key, kept for reuse.
///
/// Creating one takes a fifth of the time of a signature. At most as many exist as threads use at once.
@safe final class KeyContexts: Sendable {
    @safe private struct Context: @unchecked Sendable {
        let pointer: OpaquePointer
    }

    private let ready = Mutex<[Context]>([])
    /// Outlives the contexts, which it must: they are in its library.
    private let owner: (any AnyObject & Sendable)?

    /// Makes an empty set of contexts.
    ///
    /// - Parameter owner: What owns the library in which the contexts are made, if that is not OpenSSL's default one.
    init(keeping owner: (any AnyObject & Sendable)? = nil) {
        self.owner = owner
    }

    deinit {
        // Safe: a context has a reference to its key, nobody uses one that is ready, and the owner is released later.
        ready.withLock { for context in $0 { unsafe EVP_PKEY_CTX_free(context.pointer) } }
    }

    /// Uses a context, which is kept afterwards unless the operation failed.
    ///
    /// - Parameters:
    ///   - make: Makes a context if none is ready.
    ///   - operation: Uses the context, and returns nil if it failed.
    /// - Returns: What the operation returned.
    func use<Result>(
        _ make: () throws -> OpaquePointer, _ operation: (OpaquePointer) -> Result?
    ) rethrows -> Result? {
        let context = try unsafe ready.withLock({ $0.popLast() }) ?? Context(pointer: make())
        guard let result = unsafe operation(context.pointer) else {
            unsafe EVP_PKEY_CTX_free(context.pointer)
            return nil
        }
        ready.withLock { $0.append(context) }
        return result
    }
}
