// SPDX-License-Identifier: Apache-2.0

@_spi(Host) package import GrantKit

extension StoreKey: JSONForm {
    package init(form: JSON) throws {
        guard case .array(let parts) = form, parts.count == 2, let collection = parts[0].string,
            let id = parts[1].string
        else { throw FormError("a key must be a list of a collection and an id") }
        self.init(collection, id)
    }

    package var form: JSON { .strings([collection, id]) }
}

extension StoreRecord: JSONForm {
    package init(form: JSON) throws {
        let fresh = try StoreRecord(unwritten: form)
        self = fresh.stored(
            version: form["version"]?.integer ?? 0, isRedeemed: form["redeemed"]?.bool ?? false)
    }

    /// The record as a process wants to write it: its version and state are the store's.
    init(unwritten form: JSON) throws {
        let indexes = form["indexes"]?.members.compactMap { member in member.value.string.map { (member.name, $0) } }
        self.init(
            try form.required("key", StoreKey.init(form:)), form["value"] ?? .null,
            expiresAt: Timestamp(seconds: try form.required("expires_at", \.integer)),
            indexes: Dictionary(indexes ?? []) { first, _ in first })
    }

    package var form: JSON {
        let sorted = indexes.sorted { $0.key < $1.key }.map { JSON.Member($0.key, .string($0.value)) }
        return .present([
            ("key", key.form), ("value", value), ("expires_at", .integer(expiresAt.seconds)),
            ("indexes", sorted.isEmpty ? nil : .object(sorted)), ("version", version == 0 ? nil : .integer(version)),
            ("redeemed", isRedeemed ? true : nil),
        ])
    }
}

extension StoreWrite: JSONForm {
    package init(form: JSON) throws {
        let write = try StoreWrite(own: form)
        self = try LentValues.current?.write(for: write) ?? write
    }

    /// The write as the form has it, even if it only names one of the host's.
    private init(own form: JSON) throws {
        switch form["write"]?.string {
        case "create": self = .create(try StoreRecord(unwritten: form["record"] ?? .null))
        case "replace":
            self = .replace(
                try StoreRecord(unwritten: form["record"] ?? .null),
                ifVersion: try form.required("if_version", \.integer))
        case "redeem": self = .redeem(try form.required("key", StoreKey.init(form:)))
        case "delete": self = .delete(try form.required("key", StoreKey.init(form:)))
        case "absent": self = .absent(try form.required("key", StoreKey.init(form:)))
        default: throw FormError("'write' must be create, replace, redeem, delete or absent")
        }
    }

    package var form: JSON {
        switch self {
        case .create(let record): ["write": "create", "record": record.form]
        case .replace(let record, let version):
            ["write": "replace", "record": record.form, "if_version": .integer(version)]
        case .redeem(let key): ["write": "redeem", "key": key.form]
        case .delete(let key): ["write": "delete", "key": key.form]
        case .absent(let key): ["write": "absent", "key": key.form]
        @unknown default: ["write": "unknown"]
        }
    }
}

extension WriteOutcome: JSONForm {
    package init(form: JSON) throws {
        guard let place = form["conflict"]?.integer else {
            self = .committed
            return
        }
        self = .conflict(write: Int(clamping: place), found: try form["found"].map(StoreRecord.init(form:)))
    }

    package var form: JSON {
        switch self {
        case .committed: [:]
        case .conflict(let place, let found):
            .present([("conflict", .integer(Int64(place))), ("found", found?.form)])
        @unknown default: [:]
        }
    }
}
