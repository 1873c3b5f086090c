// SPDX-License-Identifier: Apache-2.0

/// A page that only the core renders; a plugin names it and gives its values.
public struct Page: Sendable {
    /// The name of the page's template.
    public var name: String
    /// What the template shows; texts are escaped where they are shown.
    public var values: JSON
    /// What the step gets back with what the person submits; sealed, so nobody can read or change it on the way.
    public var kept: JSON?
    /// Addresses outside of this server that its forms may lead to in the end.
    public var destinations: [String] = []
    /// Addresses of other sites that it loads in frames, which nobody sees; the core lists them as `frames`.
    public var frames: [String] = []

    /// Makes a page.
    public init(_ name: String, _ values: JSON = [:], kept: JSON? = nil) {
        self.name = name
        self.values = values
        self.kept = kept
    }
}

/// A sign-in and consent as one of its steps sees it.
public struct Interaction: Sendable {
    /// The client that asks.
    public var client: Client
    /// What has to be reached.
    public var policy: InteractionPolicy
    /// Whom the session or the steps before have established.
    public var subject: Subject?
    /// When that was proved.
    public var authenticatedAt: Timestamp?
    /// The authentication context class that was reached so far.
    public var acr: String?
    /// The methods by which it was proved so far (RFC 8176); a step that asks for one of these again can skip.
    public var amr: [String] = []
    /// What this step kept with its last page.
    public var kept: JSON?
    /// The address of the person's browser.
    public var address: String

    /// For the host and for tests: an interaction.
    public init(
        client: Client, policy: InteractionPolicy, subject: Subject? = nil, kept: JSON? = nil, address: String = ""
    ) {
        self.client = client
        self.policy = policy
        self.subject = subject
        self.kept = kept
        self.address = address
    }
}

/// In which order steps run.
public enum StepPhase: Int, Sendable, Hashable {
    /// Finds out who the person is; not asked where a session says so.
    case identify
    /// Makes surer that they are; asked with a session too, so it skips where `Interaction.amr` is enough.
    case verify
    /// Asks what else the client needs to know.
    case choose
}

/// What a finished step adds to the authorization.
public struct StepResult: Sendable {
    /// Who the person is, if the step found out.
    public var subject: Subject?
    /// The user's epoch when the proof was checked, nil for that of now; what has ended since ends the sign-in too.
    public var epoch: Int64?
    /// The methods that proved it (RFC 8176).
    public var amr: [String]
    /// The authentication context class that was reached.
    public var acr: String?
    /// What the step's plugin keeps with the authorization, under its id.
    public var attachments: [String: JSON]

    /// Makes a result.
    public init(subject: Subject? = nil, amr: [String] = [], acr: String? = nil, attachments: [String: JSON] = [:]) {
        self.subject = subject
        self.amr = amr
        self.acr = acr
        self.attachments = attachments
    }

    /// Found out who the person is, by a proof that was just checked.
    ///
    /// - Parameters:
    ///   - user: The person.
    ///   - amr: The methods that proved it (RFC 8176).
    ///   - acr: The authentication context class that was reached.
    public init(user: User, amr: [String], acr: String? = nil) {
        self.init(subject: .user(user.id), amr: amr, acr: acr)
        epoch = user.epoch
    }
}

/// How a step ends.
public enum StepOutcome: Sendable {
    /// It has nothing to ask.
    case skip
    /// It is finished.
    case done(StepResult)
    /// It asks, or asks again.
    case page(Page)
    /// The request is refused, and the client is told.
    case refuse(OAuthError)
}

/// One thing that is asked of a person.
public protocol InteractionStep: Sendable {
    /// The step's name, unique in a server.
    var name: String { get }
    /// When it runs.
    var phase: StepPhase { get }
    /// The fields of its page.
    var fields: [ParameterDeclaration] { get }
    /// Goes on with what the person submitted; with nothing the first time, or when the page is loaded again.
    ///
    /// It may be called again for the same form, and with an older `kept` than the last: what must happen once belongs
    /// into the store.
    ///
    /// - Throws: `OAuthError` where the server cannot answer now; the person sees it on a page. A `StoreError` is
    ///   answered as `temporarily_unavailable`, any other error as `server_error`.
    func advance(_ interaction: Interaction, submitted: Parameters) async throws -> StepOutcome
}
