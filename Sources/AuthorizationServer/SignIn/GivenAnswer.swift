// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// What an interaction was answered, kept sealed with the mark that it is used: a button that is pressed twice leads twice
/// to the same place, with the same code.
///
/// The mark is written with the code in one commit, so of many that race, on whatever node, one answers and all others
/// repeat that answer. The form that it answers is part of what opens it and is not stored, so neither the store nor its
/// keys give it away.
struct GivenAnswer {
    /// For how long it is repeated at the most: a second press comes at once; a later one is asked anew.
    static let repeated = Duration.seconds(10)

    /// The parameters of the answer; none where a page of the server's own was asked for.
    let members: [(name: String, value: String)]
    /// Whom it was given to, and where.
    let clientID: String
    let redirectURI: String
    let sessionID: String
    /// The cookie of the session that began with it, for a browser that dropped the first answer.
    let cookie: String?
    /// The grant that it began, if it began one.
    let grantID: String?
    /// The records that came into being with it; of these none may have been redeemed.
    let issued: [StoreKey]
    let at: Timestamp

    init(
        members: [(name: String, value: String)] = [], clientID: String, redirectURI: String, sessionID: String,
        cookie: String?, grantID: String? = nil, issued: [StoreKey] = [], at: Timestamp
    ) {
        self.members = members
        self.clientID = clientID
        self.redirectURI = redirectURI
        self.sessionID = sessionID
        self.cookie = cookie
        self.grantID = grantID
        self.issued = issued
        self.at = at
    }

    // MARK: in the store

    /// The mark that the interaction is used.
    ///
    /// - Parameters:
    ///   - state: The interaction.
    ///   - form: The digest of the form that it answers; without one it is never repeated, and nothing of it is kept.
    ///   - core: The server.
    /// - Returns: The record.
    /// - Throws: What sealing throws.
    func marker(of state: InteractionState, for form: String?, in core: ServerCore) throws -> StoreRecord {
        let sealed = try form.map { try core.keys.seal(json.text, purpose: GivenAnswer.purpose(state, $0)) }
        return StoreRecord(
            state.marker, sealed.map { ["given": .string($0)] } ?? [:],
            expiresAt: state.began + InteractionState.lifetime)
    }

    private static func purpose(_ state: InteractionState, _ form: String) -> String {
        "given-answer \(state.id) \(form)"
    }

    private var json: JSON {
        var json: JSON = [
            "members": .array(members.map { .strings([$0.name, $0.value]) }), "client": .string(clientID),
            "to": .string(redirectURI), "session": .string(sessionID), "at": .integer(at.seconds),
            "issued": .array(issued.map { .strings([$0.collection, $0.id]) }),
        ]
        json["cookie"] = cookie.map(JSON.string)
        json["grant"] = grantID.map(JSON.string)
        return json
    }

    /// What a mark holds, if the same form is sent once more and this server can still read it.
    init?(_ marker: StoreRecord, of state: InteractionState, for form: String?, in core: ServerCore) {
        guard let form, let sealed = marker.value["given"]?.string,
            let text = core.keys.open(sealed, purpose: GivenAnswer.purpose(state, form)),
            let json = try? JSON(parsing: text), let client = json["client"]?.string, let to = json["to"]?.string,
            let session = json["session"]?.string, let at = json["at"]?.integer
        else { return nil }
        let pairs = { (name: String) in (json[name]?.elements ?? []).map(\.strings).filter { $0.count == 2 } }
        self.init(
            members: pairs("members").map { ($0[0], $0[1]) }, clientID: client, redirectURI: to, sessionID: session,
            cookie: json["cookie"]?.string, grantID: json["grant"]?.string,
            issued: pairs("issued").map { StoreKey($0[0], $0[1]) }, at: Timestamp(seconds: at))
    }

    // MARK: once more

    /// Whether it still answers what a request asks for today.
    func answers(_ valid: ValidRequest) -> Bool {
        clientID == valid.registered.client.id
            && redirectURI == valid.destination.redirect.text
    }

    /// Whether it may be given once more: soon, to the same person, and while all of it is as good as it was.
    ///
    /// - Parameters:
    ///   - session: The session of the browser; none, if the first answer was dropped together with its cookie.
    ///   - core: The server.
    /// - Returns: Whether it may.
    /// - Throws: `StoreError`.
    func isGood(_ session: Session?, in core: ServerCore) async throws -> Bool {
        // A clock that is behind makes it no longer than that.
        let age = core.now - at
        guard age >= .zero, age < lifetime, session.map({ $0.id == sessionID }) ?? (cookie != nil) else {
            return false
        }
        let ended = ([sessionID] + Tombstone.ids(ofGrant: grantID)).map(Tombstone.key)
        let found = try await core.store.read([Session.key(sessionID)] + ended + issued)
        guard let record = found[0], found.dropFirst().prefix(ended.count).allSatisfy({ $0 == nil }),
            found.dropFirst(1 + ended.count).allSatisfy({ $0?.isRedeemed == false }),
            let user = try await core.users.find(Session.person(record))
        else { return false }
        return Session(record, of: user).isGood(at: core.now)
    }

    /// No longer than the tokens in it last; the shortest lifetime of a code is that of a repeated answer.
    private var lifetime: Duration {
        let end = members.first { $0.name == "expires_in" }.flatMap { Int64($0.value) }
        return min(GivenAnswer.repeated, end.map(Duration.seconds) ?? GivenAnswer.repeated)
    }

    /// Brings the session's cookie to a browser that does not have it.
    func begin(_ session: Session?, _ response: inout ServerResponse, in core: ServerCore) {
        guard session == nil, let cookie else { return }
        response.headers.append(Cookie(Cookie.session, issuer: core.issuer).set(cookie))
    }

    /// Tells one form from another; with the code of its page in it, nobody guesses what was typed.
    static func digest(ofForm fields: Parameters, _ cryptography: any CryptographyService) -> String {
        let pairs = fields.all.map { "\($0.name.percentEncoded)=\($0.value.percentEncoded)" }
        return cryptography.digest(pairs.joined(separator: "&"))
    }
}
