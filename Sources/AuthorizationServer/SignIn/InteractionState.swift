// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// The state of a sign-in and consent, which travels through the browser sealed, so that nothing is stored for someone
/// who only looks at a page.
struct InteractionState: Sendable {
    /// The user, and how their identity was proven.
    struct Proof: Sendable {
        var user: String
        /// The user's epoch when the proof was checked.
        var epoch: Int64?
        var at: Timestamp
        var acr: String?
        var amr: [String]
    }

    /// The progress of the sign-in.
    enum Progress: Sendable {
        /// No step has identified the user yet.
        case unknown
        /// Steps have identified the user, but no session has begun.
        case proven(Proof)
        /// The session with this id has begun.
        case begun(session: String)
    }

    /// A page that waits for input.
    struct ShownPage: Sendable {
        /// The step that shows the page.
        var step: String
        /// The user to whom the page was shown, if known.
        var user: String?
    }

    static let purpose = "interaction"
    /// The time for which a page can stay open.
    static let lifetime = Duration.seconds(3600)

    /// Identifies the interaction, which can be approved once.
    let id: String
    let began: Timestamp
    /// The digest of the browser's cookie.
    let browser: String
    /// The parameters of the request as sent; every step validates them again.
    let parameters: Parameters
    /// The start of the interaction by an endpoint of a plugin; nil if a request with parameters began it.
    var purpose: PurposeStart?
    var progress = Progress.unknown
    var shown: ShownPage?
    /// The steps that are finished.
    var done: Set<String> = []
    /// The data that each step keeps while its page is shown.
    var kept: [String: JSON] = [:]
    /// The data that finished steps attach to the authorization.
    var attachments: [String: JSON] = [:]
    /// Whether the user asked to use another account.
    var isSwitching = false

    init(id: String, began: Timestamp, browser: String, parameters: Parameters) {
        self.id = id
        self.began = began
        self.browser = browser
        self.parameters = parameters
    }

    /// A copy as a new interaction: after a response, a later form starts over.
    func renewed(id: String) -> InteractionState {
        var value = json
        value["id"] = .string(id)
        return InteractionState(value) ?? self
    }

    /// The proof that the steps have collected, before a session begins.
    var proof: Proof? {
        if case .proven(let proof) = progress { proof } else { nil }
    }

    /// The session that this interaction has begun.
    var session: String? {
        if case .begun(let id) = progress { id } else { nil }
    }

    /// Forgets everything that steps have found out, because it was about another user.
    mutating func forget() {
        (done, kept, attachments) = ([], [:], [:])
    }

    /// The key of the mark that the interaction is used.
    var marker: StoreKey { InteractionState.collection.key(id) }
    static let collection = StoreCollection("interaction")

    // MARK: sealing

    var json: JSON {
        var value: JSON = [
            "id": .string(id), "began": .integer(began.seconds), "browser": .string(browser),
            "sent": .array(parameters.all.map { .strings([$0.name, $0.value]) }),
        ]
        func add(_ name: String, _ member: JSON?) { value[name] = member }
        add(
            "who",
            proof.map { who in
                var member: JSON = [
                    "user": .string(who.user), "at": .integer(who.at.seconds), "amr": .strings(who.amr),
                ]
                member["acr"] = who.acr.map(JSON.string)
                member["epoch"] = who.epoch.map(JSON.integer)
                return member
            })
        add("purpose", purpose?.json)
        add("session", session.map(JSON.string))
        add("shown", shown?.user.map(JSON.string))
        add("step", (shown?.step).map(JSON.string))
        add("done", done.isEmpty ? nil : .strings(done.sorted()))
        add("kept", InteractionState.object(kept))
        add("attached", InteractionState.object(attachments))
        add("switch", isSwitching ? true : nil)
        return value
    }

    private static func object(_ members: [String: JSON]) -> JSON? {
        members.isEmpty ? nil : .object(members.sorted { $0.key < $1.key }.map { JSON.Member($0.key, $0.value) })
    }

    private static func dictionary(_ object: JSON?) -> [String: JSON] {
        Dictionary((object?.members ?? []).map { ($0.name, $0.value) }, uniquingKeysWith: { first, _ in first })
    }

    init?(_ json: JSON) {
        guard let id = json["id"]?.string, let began = json["began"]?.integer, let browser = json["browser"]?.string
        else { return nil }
        let pairs = (json["sent"]?.elements ?? []).map(\.strings).filter { $0.count == 2 }
        self.init(
            id: id, began: Timestamp(seconds: began), browser: browser,
            parameters: Parameters(pairs.map { (name: $0[0], value: $0[1]) }))
        purpose = json["purpose"].flatMap { PurposeStart($0) }
        progress = InteractionState.progress(json)
        shown = json["step"]?.string.map { ShownPage(step: $0, user: json["shown"]?.string) }
        done = Set(json["done"]?.strings ?? [])
        kept = InteractionState.dictionary(json["kept"])
        attachments = InteractionState.dictionary(json["attached"])
        isSwitching = json["switch"] == true
    }

    private static func progress(_ json: JSON) -> Progress {
        if let id = json["session"]?.string { return .begun(session: id) }
        guard let who = json["who"], let user = who["user"]?.string, let at = who["at"]?.integer else {
            return .unknown
        }
        return .proven(
            Proof(
                user: user, epoch: who["epoch"]?.integer, at: Timestamp(seconds: at), acr: who["acr"]?.string,
                amr: who["amr"]?.strings ?? []))
    }
}
