// SPDX-License-Identifier: Apache-2.0

@_spi(Host) import GrantKit

extension TokenRequest: JSONForm {
    init(form: JSON) throws {
        let head = form["head"] ?? [:]
        self.init(
            grant: GrantDeclaration(
                try form.required("grant_type", \.string), key: form["grant"]?.string, client: .identified),
            client: try form.required("client") { try Client(form: $0) },
            parameters: Parameters(form["parameters"]?.pairs ?? []),
            head: RequestHead(
                method: head["method"]?.string ?? "", path: head["path"]?.string ?? "",
                headers: head["headers"]?.pairs ?? [], address: head["address"]?.string ?? ""),
            allowed: try form.required("allowed") { try AccessLimits(form: $0) })
    }

    var form: JSON {
        [
            "grant_type": .string(grant.wire), "grant": .string(grant.key), "client": client.form,
            "parameters": .pairs(parameters.all), "allowed": allowed.form,
            "head": [
                "method": .string(head.method), "path": .string(head.path), "headers": .pairs(head.headers),
                "address": .string(head.address),
            ],
        ]
    }
}

/// As it is stored, and with the writes, which are not.
extension Authorization: JSONForm {
    init(form: JSON) throws {
        try self.init(stored: try form.required("stored") { $0 })
        writes = try form["writes"]?.elements.map(StoreWrite.init(form:)) ?? []
    }

    var form: JSON { ["stored": stored, "writes": .array(writes.map(\.form))] }
}

extension StoreWrite: JSONForm {
    init(form: JSON) throws {
        let parts = form["key"]?.strings ?? []
        guard parts.count == 2 else { throw FormError("'key' is missing or malformed") }
        let key = StoreKey(parts[0], parts[1])
        switch form["write"]?.string {
        case "create": self = .create(try StoreWrite.record(key, form))
        case "replace":
            self = .replace(try StoreWrite.record(key, form), ifVersion: try form.required("version", \.integer))
        case "redeem": self = .redeem(key)
        case "delete": self = .delete(key)
        case "absent": self = .absent(key)
        default: throw FormError("this kind of write is unknown")
        }
    }

    private static func record(_ key: StoreKey, _ form: JSON) throws -> StoreRecord {
        let indexes = form["indexes"]?.pairs ?? []
        return StoreRecord(
            key, form["value"] ?? .null, expiresAt: Timestamp(seconds: try form.required("expires_at", \.integer)),
            indexes: Dictionary(indexes.map { ($0.name, $0.value) }) { first, _ in first })
    }

    var form: JSON {
        switch self {
        case .create(let record): StoreWrite.form("create", record.key, record)
        case .replace(let record, let version): StoreWrite.form("replace", record.key, record, version)
        case .redeem(let key): StoreWrite.form("redeem", key)
        case .delete(let key): StoreWrite.form("delete", key)
        case .absent(let key): StoreWrite.form("absent", key)
        @unknown default: ["write": "unknown"]
        }
    }

    private static func form(
        _ write: String, _ key: StoreKey, _ record: StoreRecord? = nil, _ version: Int64? = nil
    ) -> JSON {
        var form: JSON = ["write": .string(write), "key": .strings([key.collection, key.id])]
        form["value"] = record?.value
        form["expires_at"] = (record?.expiresAt.seconds).map(JSON.integer)
        form["version"] = version.map(JSON.integer)
        let indexes = record?.indexes.sorted { $0.key < $1.key } ?? []
        form["indexes"] = indexes.isEmpty ? nil : .pairs(indexes.map { (name: $0.key, value: $0.value) })
        return form
    }
}
