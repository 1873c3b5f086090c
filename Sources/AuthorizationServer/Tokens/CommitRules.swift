// SPDX-License-Identifier: Apache-2.0

import GrantKit

extension StoreWrite {
    /// The record that it is about.
    var key: StoreKey? {
        switch self {
        case .create(let record), .replace(let record, _): record.key
        case .redeem(let key), .delete(let key), .absent(let key): key
        @unknown default: nil
        }
    }

    /// Whether it redeems a record.
    var isRedemption: Bool {
        if case .redeem = self { true } else { false }
    }

    fileprivate var isCondition: Bool {
        if case .absent = self { true } else { false }
    }
}

extension [StoreWrite] {
    /// Refuses two writes of one record, which stores understand in different ways.
    ///
    /// Several conditions that one record is absent agree with each other and are let through: a plugin may name the
    /// one that the core adds too.
    ///
    /// - Parameter what: What is committed, for the log.
    /// - Throws: `OAuthError` `server_error`; the log names the collection and never a key, which may be a secret.
    func checkKeys(of what: @autoclosure () -> String) throws {
        guard let twice = collectionWrittenTwice else { return }
        throw OAuthError(
            .serverError,
            reason: "\(what()) writes one record of the collection '\(twice)' twice: join the two writes into one")
    }

    /// The collection of a record that is written more than once, or nil.
    var collectionWrittenTwice: String? {
        guard count > 1 else { return nil }
        var seen: [StoreKey: StoreWrite] = [:]
        for write in self {
            guard let key = write.key, let first = seen.updateValue(write, forKey: key) else { continue }
            if !(first.isCondition && write.isCondition) { return key.collection }
        }
        return nil
    }
}

extension AccessLimits {
    /// Whether they leave any time after a moment.
    func isOpen(at moment: Timestamp) -> Bool {
        notAfter.map { $0 > moment } ?? true
    }
}
