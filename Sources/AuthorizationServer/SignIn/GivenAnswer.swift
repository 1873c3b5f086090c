// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// The response to an interaction, sealed and kept with the mark that the interaction is used.
///
/// It makes a button that is pressed twice lead to the same place with the same code. The mark is committed together
/// with the code, so if several requests race, on whatever node, one responds and the others repeat its response. The
/// form that was submitted is part of what opens the seal and is not stored, so neither the store nor its keys reveal
/// the response.
struct GivenAnswer {
    /// The time for which the response can be repeated: a double click comes at once; a later click asks again.
    static let repeated = Duration.seconds(10)

    /// The parameters of the response; empty for a page of this server.
    let members: [(name: String, value: String)]
    /// The page with which an interaction for a purpose ended.
    let page: Page?
    /// The client that the response was for; `redirectURI` is where it went.
    let clientID: String
    let redirectURI: String
    let sessionID: String
    /// The cookie of the session that began with the response, for a browser that dropped it.
    let cookie: String?
    /// The grant that began with the response, if any.
    let grantID: String?
    /// The records that were created with the response, none of which may have been redeemed.
    let issued: [StoreKey]
    let at: Timestamp

    init(
        members: [(name: String, value: String)] = [], page: Page? = nil, clientID: String, redirectURI: String,
        sessionID: String, cookie: String?, grantID: String? = nil, issued: [StoreKey] = [], at: Timestamp
    ) {
        self.members = members
        self.page = page
        self.clientID = clientID
        self.redirectURI = redirectURI
        self.sessionID = sessionID
        self.cookie = cookie
        self.grantID = grantID
        self.issued = issued
        self.at = at
    }

    // MARK: in the store

    /// Creates the mark that the interaction is used.
    ///
    /// - Parameters:
    ///   - state: The interaction.
    ///   - form: The digest of the submitted form. Without one the response is not kept, and never repeated.
    ///   - core: The server.
    /// - Returns: The record.
    /// - Throws: An error of the keys.
    func marker(of state: InteractionState, for form: String?, in core: ServerCore) async throws -> StoreRecord {
        var value: JSON = [:]
        if let form {
            value["given"] = .string(try await core.keys.seal(json.text, purpose: GivenAnswer.purpose(state, form)))
        }
        return StoreRecord(state.marker, value, expiresAt: state.began + InteractionState.lifetime)
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
        json["page"] = page.map { ["name": .string($0.name), "values": $0.values] }
        json["cookie"] = cookie.map(JSON.string)
        json["grant"] = grantID.map(JSON.string)
        return json
    }

    /// Reads a mark; nil unless the same form is submitted again and this server can open the seal.
    ///
    /// - Throws: An error of the keys.
    init?(_ marker: StoreRecord, of state: InteractionState, for form: String?, in core: ServerCore) async throws {
        guard let form, let sealed = marker.value["given"]?.string,
            let text = try await core.keys.open(sealed, purpose: GivenAnswer.purpose(state, form)),
            let json = try? JSON(parsing: text), let client = json["client"]?.string, let to = json["to"]?.string,
            let session = json["session"]?.string, let at = json["at"]?.integer
        else { return nil }
        let pairs = { (name: String) in (json[name]?.elements ?? []).map(\.strings).filter { $0.count == 2 } }
        let page = json["page"]?["name"]?.string.map { Page($0, json["page"]?["values"] ?? [:]) }
        self.init(
            members: pairs("members").map { ($0[0], $0[1]) }, page: page, clientID: client, redirectURI: to,
            sessionID: session, cookie: json["cookie"]?.string, grantID: json["grant"]?.string,
            issued: pairs("issued").map { StoreKey($0[0], $0[1]) }, at: Timestamp(seconds: at))
    }

    // MARK: repeating

    /// Whether the response fits what a request asks for now.
    func answers(_ valid: ValidRequest) -> Bool {
        clientID == valid.registered.client.id
            && redirectURI == valid.place
    }

    /// Whether the response may be repeated: soon, to the same user, and while everything in it is still valid.
    ///
    /// - Parameters:
    ///   - session: The session of the browser; nil if the browser dropped the first response together with its cookie.
    ///   - core: The server.
    /// - Returns: Whether it may be repeated.
    /// - Throws: `StoreError`.
    func isGood(_ session: Session?, in core: ServerCore) async throws -> Bool {
        // Another node's clock that is ahead does not extend this.
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

    /// No longer than the tokens in the response live, and never longer than the shortest lifetime of a code.
    private var lifetime: Duration {
        let end = members.first { $0.name == "expires_in" }.flatMap { Int64($0.value) }
        return min(GivenAnswer.repeated, end.map(Duration.seconds) ?? GivenAnswer.repeated)
    }

    /// Sets the session's cookie in a browser that does not have it.
    func begin(_ session: Session?, _ response: inout ServerResponse, in core: ServerCore) {
        guard session == nil, let cookie else { return }
        response.headers.append(Cookie(Cookie.session, issuer: core.issuer).set(cookie))
    }

    /// The digest that identifies a form; the form token in it keeps anyone from guessing what was typed.
    static func digest(ofForm fields: Parameters, _ cryptography: any CryptographyService) -> String {
        let pairs = fields.all.map { "\($0.name.percentEncoded)=\($0.value.percentEncoded)" }
        return cryptography.digest(pairs.joined(separator: "&"))
    }
}
