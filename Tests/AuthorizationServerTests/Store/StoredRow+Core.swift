// SPDX-License-Identifier: Apache-2.0

import GrantKit
import Support
import Testing

@testable import AuthorizationServer
@testable import DeviceAuthorization

extension StoredRow {
    /// The collections of which only the presence of a record counts, and those that hold only counters.
    static let presence: Set<String> = [
        Tombstone.collection.name, StoredClient.originCollection.name, DeviceRequests.counters.name,
        UsedJWT.collection.name, ServerPresence.collection.name,
    ]

    static let core: [StoredRow] = [
        client, user, login, identity, epochKey, declaredUser, session, sessionClient, origin, gate, consent, job,
        answer, restoration,
    ]

    private static let restoration = StoredRow(
        collection: CopyMark.collection.name, required: ["at", "keeps_tokens"]
    ) { record in
        let restoration = try Restoration(record)
        let (moment, end) = (restoration.moment, restoration.end)
        var row: JSON = ["at": .integer(moment.seconds), "keeps_tokens": .bool(end != moment)]
        if let end, end != moment { row["tokens_until"] = .integer(end.seconds) }
        return row
    }

    // MARK: clients and users

    private static let client = StoredRow(
        collection: StoredClient.collection.name, required: ["v", "epoch", "document"]
    ) { record in
        let client = try StoredClient(record)
        let secrets = client.secrets.map { secret in
            var row: JSON = [:]
            row["sha256"] = secret.digest.map(JSON.string)
            row["hash"] = secret.hash.map(JSON.string)
            row["until"] = (secret.until?.seconds).map(JSON.integer)
            return row
        }
        var row: JSON = ["v": 1, "epoch": .integer(client.epoch), "document": client.document]
        row["secrets"] = .array(secrets)
        row["removed"] = record.isBeingRemoved ? true : nil
        return row
    }

    private static let user = StoredRow(
        collection: StoredUser.collection.name, required: ["v", "epoch", "document"]
    ) { record in
        let user = try StoredUser(record)
        var row: JSON = ["v": 1, "epoch": .integer(user.epoch), "document": user.document]
        row["password"] = user.password.map(JSON.string)
        row["removed"] = record.isBeingRemoved ? true : nil
        return row
    }

    private static let login = owned(LoginRow.collection)
    private static let identity = owned(UserIdentity.collection)

    /// A record that says which user has a name or an identity.
    private static func owned(_ collection: StoreCollection) -> StoredRow {
        StoredRow(collection: collection.name, required: ["user"], unread: ["v"]) { record in
            guard let row = LoginRow(record) else { return nil }
            return ["user": .string(row.user)]
        }
    }

    private static let epochKey = StoredRow(
        collection: UserEpoch.collection.name, id: "key", required: ["key"], unread: ["v"]
    ) { record in
        let store = try CountingStore.alone()
        _ = try await store.write([.create(record)])
        let key = try await UserEpoch.key(in: store, random: "another")
        return ["key": .string(key.exposed)]
    }

    private static let declaredUser = StoredRow(
        collection: DeclaredUserRecord.collection.name, required: ["v", "state", "changes"]
    ) { record in
        let known = try DeclaredUserRecord("ann", record)
        let state = record.value["state"]?.string ?? ""
        // A state that is recorded already is not written again.
        let isRead = known.write(state) == nil
        return [
            "v": 1, "state": isRead ? .string(state) : .null, "changes": .integer(known.changes(to: state)),
        ]
    }

    // MARK: sign-in

    private static let digest = "47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU"

    private static let session = StoredRow(
        collection: Session.collection.name, required: ["user", "secret", "epoch"]
    ) { record in
        let user = User(id: Session.person(record), isActive: true, document: [:], epoch: 7)
        let session = Session(record, of: user)
        guard user.id == "ann", Session.has(secret: StoredRow.digest, record), session.isGood(at: StoredRow.now) else {
            return nil
        }
        let shown = session.shown
        var row: JSON = [
            "user": .string(user.id), "secret": .string(StoredRow.digest),
            "auth_time": .integer(shown.authenticatedAt.seconds), "epoch": .integer(user.epoch),
            "amr": .strings(shown.amr),
        ]
        row["acr"] = shown.acr.map(JSON.string)
        row["agent"] = shown.agent.map(JSON.string)
        row["from"] = shown.address.map(JSON.string)
        return row
    }

    private static let sessionClient = StoredRow(
        collection: SessionClient.collection.name, required: ["client"]
    ) { record in
        guard let client = SessionClient.client(record) else { return nil }
        return ["client": .string(client)]
    }

    private static let origin = StoredRow(
        collection: SignInOrigin.collection.name, required: ["series"], unread: ["v"]
    ) { record in
        guard let origin = SignInOrigin(record, at: StoredRow.now) else { return nil }
        return ["series": .integer(origin.series)]
    }

    private static let gate = StoredRow(collection: SignInAttempts.counters.name, required: []) { record in
        let row = AttemptGate.Row(record)
        return ["passed": .integer(row.passed), "next": .integer(row.next)]
    }

    // MARK: requests

    private static let words = ["claim email", "openid", "profile", "read", "https://api.example.com"]

    private static let consent = StoredRow(
        collection: Consent.collection.name, required: ["epoch", "client"], unread: ["user"]
    ) { record in
        let core = try await TestServer().core
        let user = User(id: "ann", isActive: true, document: [:], epoch: 7)
        let stored = StoreRecord(
            Consent.key(user.id, "service", in: core), record.value, expiresAt: record.expiresAt)
        _ = try await core.store.write([.create(stored)])
        for epoch in [4, nil] as [Int64?] {
            let consent = try await Consent(user, StoredRow.registered(epoch, in: core), in: core)
            guard consent.storedID != nil, let shown = Consent.shown(stored, of: user, at: core.now) else { continue }
            let asked = StoredRow.words.filter { consent.covers(AccessLimits(scope: []), [$0]) }
            let audience = StoredRow.words.filter { consent.covers(AccessLimits(scope: [], audience: [$0]), []) }
            var row: JSON = ["epoch": .integer(user.epoch), "client": .string(shown.clientID)]
            row["id"] = Consent.id(stored).map(JSON.string)
            row["asked"] = .strings(asked)
            row["granted"] = .strings(asked.filter { consent.allows($0) })
            row["audience"] = audience.isEmpty ? nil : .strings(audience)
            row["given"] = .integer(shown.givenAt.seconds)
            row["client_epoch"] = epoch.map(JSON.integer)
            row["each_time"] = Consent.noted(stored).map {
                ["granted": .strings($0.granted), "given": .integer($0.given.seconds)]
            }
            return row
        }
        return nil
    }

    private static func registered(_ epoch: Int64?, in core: ServerCore) throws -> RegisteredClient {
        let known = try #require(core.generation?.clients["service"])
        return RegisteredClient(
            client: known.client, methods: known.methods, secrets: [], allowedOrigins: [], plans: [:], redirects: [:],
            isFirstParty: false,
            epoch: epoch)
    }

    private static let job = StoredRow(collection: StoredJob.collection.name, required: ["handler"]) { record in
        guard let job = StoredJob(record) else { return nil }
        var row: JSON = [
            "handler": .string(job.handler), "payload": job.payload, "attempts": .integer(job.attempts),
            "due": .integer(job.due.seconds),
        ]
        row["limit"] = job.limit.map { .integer($0.seconds) }
        return row
    }

    /// The response to an interaction; the example is what is sealed in the row.
    private static let answer = StoredRow(
        collection: InteractionState.collection.name, required: ["client", "to", "session", "at"]
    ) { record in
        let core = try await TestServer().core
        let state = InteractionState(id: "i", began: core.now, browser: "b", parameters: Parameters([]))
        let sealed = try await core.keys.seal(record.value.text, purpose: "given-answer i form")
        let marker = StoreRecord(state.marker, ["given": .string(sealed)], expiresAt: record.expiresAt)
        guard let given = try await GivenAnswer(marker, of: state, for: "form", in: core) else { return nil }
        var row: JSON = [
            "members": .array(given.members.map { .strings([$0.name, $0.value]) }),
            "client": .string(given.clientID), "to": .string(given.redirectURI), "session": .string(given.sessionID),
            "at": .integer(given.at.seconds),
        ]
        row["issued"] = given.issued.isEmpty ? nil : .array(given.issued.map { .strings([$0.collection, $0.id]) })
        row["page"] = given.page.map { ["name": .string($0.name), "values": $0.values] }
        row["cookie"] = given.cookie.map(JSON.string)
        row["grant"] = given.grantID.map(JSON.string)
        return row
    }
}
