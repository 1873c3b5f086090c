// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// What an interaction was answered, kept sealed with the mark that it is used: a button that is pressed twice leads twice
/// to the same place, with the same code.
///
/// The mark is written with the code in one commit, so of many that race, on whatever node, one answers and all others
/// repeat that answer.
struct GivenAnswer {
    /// For how long it is repeated: a second press comes at once; a later one is asked anew.
    static let repeated = Duration.seconds(30)

    /// The parameters of the answer; none where a page of the server's own was asked for.
    let members: [(name: String, value: String)]
    /// The digest of the form that it answers; nil if it answers none.
    let form: String?
    /// Whom it was given to, and where.
    let clientID: String
    let redirectURI: String
    let sessionID: String
    /// The cookie of the session that began with it, for a browser that dropped the first answer.
    let cookie: String?
    /// The records that came into being with it; of these none may have been redeemed.
    let issued: [StoreKey]
    let at: Timestamp

    private static func purpose(_ state: InteractionState) -> String { "given-answer \(state.id)" }

    /// The mark that the interaction is used.
    func marker(of state: InteractionState, in core: ServerCore) throws -> StoreRecord {
        var json: JSON = [
            "members": .array(members.map { .strings([$0.name, $0.value]) }), "client": .string(clientID),
            "to": .string(redirectURI), "session": .string(sessionID), "at": .integer(at.seconds),
            "issued": .array(issued.map { .strings([$0.collection, $0.id]) }),
        ]
        json["form"] = form.map(JSON.string)
        json["cookie"] = cookie.map(JSON.string)
        let sealed = try core.keys.seal(json.text, purpose: GivenAnswer.purpose(state))
        return StoreRecord(
            state.marker, ["given": .string(sealed)], expiresAt: state.began + InteractionState.lifetime)
    }

    /// What a mark holds, if this server can still read it.
    init?(_ marker: StoreRecord, of state: InteractionState, in core: ServerCore) {
        guard let sealed = marker.value["given"]?.string,
            let text = core.keys.open(sealed, purpose: GivenAnswer.purpose(state)),
            let json = try? JSON(parsing: text), let client = json["client"]?.string, let to = json["to"]?.string,
            let session = json["session"]?.string, let at = json["at"]?.integer
        else { return nil }
        let pairs = { (name: String) in (json[name]?.elements ?? []).map(\.strings).filter { $0.count == 2 } }
        self.init(
            members: pairs("members").map { ($0[0], $0[1]) }, form: json["form"]?.string, clientID: client,
            redirectURI: to, sessionID: session,
            cookie: json["cookie"]?.string, issued: pairs("issued").map { StoreKey($0[0], $0[1]) },
            at: Timestamp(seconds: at))
    }

    init(
        members: [(name: String, value: String)], form: String?, clientID: String, redirectURI: String,
        sessionID: String,
        cookie: String?, issued: [StoreKey], at: Timestamp
    ) {
        self.members = members
        self.form = form
        self.clientID = clientID
        self.redirectURI = redirectURI
        self.sessionID = sessionID
        self.cookie = cookie
        self.issued = issued
        self.at = at
    }

    /// Whether it still answers what a request asks for today.
    func answers(_ valid: ValidRequest) -> Bool {
        clientID.utf8.elementsEqual(valid.registered.client.id.utf8)
            && redirectURI.utf8.elementsEqual(valid.destination.redirect.text.utf8)
    }

    /// Whether it may be given once more: soon, for the same form, to the same person, and nothing of it has been used.
    ///
    /// - Parameters:
    ///   - form: The digest of the form that was sent, with the password if one was typed.
    ///   - session: The session of the browser; none, if the first answer was dropped together with its cookie.
    ///   - core: The server.
    /// - Returns: Whether it may.
    /// - Throws: `StoreError`.
    func isGood(for form: String?, _ session: Session?, in core: ServerCore) async throws -> Bool {
        guard let form, let own = self.form, Secret(form) == Secret(own), core.now - at < GivenAnswer.repeated,
            session.map({ $0.id == sessionID }) ?? (cookie != nil)
        else { return false }
        let found = try await core.store.read([Session.key(sessionID), Tombstone.key(sessionID)] + issued)
        guard let record = found[0], found[1] == nil, found.dropFirst(2).allSatisfy({ $0?.isRedeemed == false }),
            let user = try await core.users.find(record.value["user"]?.string ?? "")
        else { return false }
        return Session(record, of: user).isGood(at: core.now)
    }

    /// Brings the session's cookie to a browser that does not have it.
    func begin(_ session: Session?, _ response: inout OutboundResponse, in core: ServerCore) {
        guard session == nil, let cookie else { return }
        response.headers.append(Cookie(Cookie.session, issuer: core.issuer).set(cookie))
    }
}

extension ServerCore {
    /// Tells one form from another; with the code of its page in it, nobody guesses what was typed.
    func digest(ofForm fields: Parameters) -> String {
        let pairs = fields.all.map { "\(URLEncoding.encode($0.name))=\(URLEncoding.encode($0.value))" }
        return cryptography.digest(pairs.joined(separator: "&"))
    }
}
