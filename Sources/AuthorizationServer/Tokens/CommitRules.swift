// SPDX-License-Identifier: Apache-2.0

import GrantKit

extension StoreWrite {
    /// The key of the record that the write is about.
    var key: StoreKey? {
        switch self {
        case .create(let record), .replace(let record, _): record.key
        case .redeem(let key), .delete(let key), .absent(let key): key
        @unknown default: nil
        }
    }

    /// Whether the write redeems a record.
    var isRedemption: Bool {
        if case .redeem = self { true } else { false }
    }

    fileprivate var isCondition: Bool {
        if case .absent = self { true } else { false }
    }
}

extension [StoreWrite] {
    /// Refuses two writes of the same record, which stores treat in different ways.
    ///
    /// Several conditions that a record is absent are compatible and are let through: a plugin may add one that the
    /// core adds too.
    ///
    /// - Parameter what: What is to be committed, for the log.
    /// - Throws: `OAuthError` `server_error`. The log names the collection but never a key, which may be secret.
    func checkKeys(of what: @autoclosure () -> String) throws {
        guard let twice = collectionWrittenTwice else { return }
        throw OAuthError(
            .serverError,
            reason: "\(what()) writes one record of the collection '\(twice)' twice: combine the two writes")
    }

    /// The collection of the first record that is written more than once, or nil.
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
    /// Whether the limits still allow anything after a moment.
    func isOpen(at moment: Timestamp) -> Bool {
        notAfter.map { $0 > moment } ?? true
    }
}
