// SPDX-License-Identifier: Apache-2.0

@_spi(Host) import GrantKit
import OutsideText
import Synchronization

/// What the host has made for a process during one call, and takes back only as it was.
///
/// A write of a record of the host's own, such as a new job, crosses as a number, so that the process can have it
/// committed but can neither change it nor make one up. Tokens and what is derived from them are known by the token.
final class LentValues: Sendable {
    @TaskLocal static var current: LentValues?
    /// The collection in the keys that name writes of the host; no plugin can declare it, since it is no word.
    static let collection = "lent write"

    private struct State {
        var writes: [StoreWrite] = []
        var bytes = 0
        var tokens: [String: ResolvedToken] = [:]
        var derivations: [String: Derivation] = [:]
    }

    private let state = Mutex(State())

    /// Keeps a write of the host for the current call.
    ///
    /// - Returns: The write that names it.
    static func lend(_ write: StoreWrite) throws -> StoreWrite {
        guard let current else { throw FormError("this is possible only during a call") }
        let size = write.form.bytes.count
        let number = try current.state.withLock { state in
            guard state.bytes + size <= Frame.largest else { throw FormError("the host made too much for one call") }
            state.bytes += size
            state.writes.append(write)
            return state.writes.count - 1
        }
        let key = StoreKey(collection, "\(number)")
        let record = StoreRecord(key, .null, expiresAt: Timestamp(seconds: 0))
        return switch write {
        case .create: .create(record)
        case .replace(_, let version): .replace(record, ifVersion: version)
        case .redeem: .redeem(key)
        case .delete: .delete(key)
        default: .absent(key)
        }
    }

    /// The write that another one names; a write of the plugin's own is itself.
    ///
    /// - Throws: `FormError` if the host has made no such write during the call.
    func write(for write: StoreWrite) throws -> StoreWrite {
        guard let key = write.key, key.collection == LentValues.collection else { return write }
        let number = Int(key.id) ?? -1
        return try state.withLock { state in
            guard state.writes.indices.contains(number) else {
                throw FormError("the host has made no write '\(number)' during this call")
            }
            return state.writes[number]
        }
    }

    /// The most tokens of one call.
    private static let mostTokens = 64

    func keep(_ token: ResolvedToken) {
        state.withLock { if $0.tokens.count < LentValues.mostTokens { $0.tokens[token.id] = token } }
    }

    func token(_ id: String) -> ResolvedToken? {
        state.withLock { $0.tokens[exactly: id] }
    }

    func keep(_ derived: Authorization) {
        guard let derivation = derived.derivation else { return }
        state.withLock { state in
            guard state.derivations.count < LentValues.mostTokens else { return }
            state.derivations[derivation.tokenID] = derivation
        }
    }

    func derivation(_ token: String) throws -> Derivation {
        guard let found = state.withLock({ $0.derivations[exactly: token] }) else {
            throw FormError("nothing was derived from this token during this call")
        }
        return found
    }
}

extension StoreWrite {
    /// The key of the record; nil for a kind of write that is not known here.
    fileprivate var key: StoreKey? {
        switch self {
        case .create(let record), .replace(let record, _): record.key
        case .redeem(let key), .delete(let key), .absent(let key): key
        @unknown default: nil
        }
    }
}
