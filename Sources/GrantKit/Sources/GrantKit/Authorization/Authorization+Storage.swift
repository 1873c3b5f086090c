// SPDX-License-Identifier: Apache-2.0

extension Authorization {
    /// The version of the encoding.
    ///
    /// Raise it if a reader that does not know a new member would grant too much. A new member that is left out when it
    /// has no value does not need a new version.
    private static let encoding: Int64 = 1

    /// The authorization as JSON for the store, with the version of its encoding.
    ///
    /// Members without a value are left out.
    public var stored: JSON {
        var members: [JSON.Member] = [
            .init("v", .integer(Authorization.encoding)),
            .init(subject.isClient ? "client" : "user", .string(subject.id)),
            .init("scope", .string(limits.scope.description)),
            .init("origin", .string(origin)),
        ]
        func add(_ name: String, _ value: JSON?) {
            if let value { members.append(.init(name, value)) }
        }
        add("aud", limits.audience.isEmpty ? nil : .strings(limits.audience))
        add("exp", (limits.notAfter?.seconds).map(JSON.integer))
        add("refresh", limits.mayRefresh ? true : nil)
        add("auth_time", (authenticatedAt?.seconds).map(JSON.integer))
        add("acr", acr.map(JSON.string))
        add("amr", amr.isEmpty ? nil : .strings(amr))
        add("sid", sessionID.map(JSON.string))
        add("epoch", epoch.map(JSON.integer))
        add("client_epoch", clientEpoch.map(JSON.integer))
        add("act", actor)
        add("may_act", mayAct)
        add("claims", claims.members.isEmpty ? nil : claims)
        add("grant", grantID.map(JSON.string))
        add("cnf", confirmation.map { .strings([$0.method, $0.value, $0.tokenType]) })
        let attached = attachments.sorted { $0.key < $1.key }.map { JSON.Member($0.key, $0.value) }
        add("attachments", attached.isEmpty ? nil : .object(attached))
        return .object(members)
    }

    /// Reads an authorization from `stored`.
    ///
    /// - Parameter json: The stored value.
    /// - Throws: `StoreError` if this kit does not know the version of its encoding.
    public init(stored json: JSON) throws {
        guard json["v"]?.integer == Authorization.encoding,
            let subject = json["user"]?.string.map(Subject.user) ?? json["client"]?.string.map(Subject.client)
        else { throw StoreError("a stored authorization has an encoding that this server does not know") }
        let words = (json["scope"]?.string ?? "").utf8.split(separator: UInt8(ascii: " "))
        let limits = AccessLimits(
            scope: Scope(words.map { String(Substring($0)) }),
            audience: json["aud"]?.strings ?? [],
            notAfter: json["exp"]?.integer.map(Timestamp.init(seconds:)),
            mayRefresh: json["refresh"]?.bool ?? false)
        self.init(subject: subject, limits: limits)
        restoreDetails(from: json)
    }

    private mutating func restoreDetails(from json: JSON) {
        authenticatedAt = json["auth_time"]?.integer.map(Timestamp.init(seconds:))
        acr = json["acr"]?.string
        amr = json["amr"]?.strings ?? []
        sessionID = json["sid"]?.string
        epoch = json["epoch"]?.integer
        clientEpoch = json["client_epoch"]?.integer
        actor = json["act"]
        mayAct = json["may_act"]
        claims = json["claims"] ?? [:]
        grantID = json["grant"]?.string
        restore(origin: json["origin"]?.string ?? "")
        if let parts = json["cnf"]?.strings, parts.count == 3 {
            confirmation = Confirmation(parts[0], parts[1], tokenType: parts[2])
        }
        for member in json["attachments"]?.members ?? [] { attachments[member.name] = member.value }
    }
}

extension Subject {
    fileprivate var isClient: Bool {
        if case .client = self { true } else { false }
    }
}
