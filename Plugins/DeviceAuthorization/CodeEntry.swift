// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// The page where users type the code that their device shows (RFC 8628 section 3.3).
///
/// A link can fill the code in, but the user always presses a button, so that a link alone starts nothing (section
/// 3.3.1).
struct CodeEntry: Endpoint {
    static let page = Route(["GET", "POST"], "/device")
    /// What `host.attempts` counts guesses under.
    private static let secret = "user_code"

    let requests: DeviceRequests
    let route = CodeEntry.page
    let admission = Admission.browser()
    let parameters = [ParameterDeclaration("user_code", longest: 256)]

    private var host: any PluginHost { requests.host }

    func respond(to request: EndpointRequest<UserSession?>) async throws -> EndpointResponse {
        let typed = request.parameters["user_code"] ?? ""
        guard request.isSubmitted else { return .page(DevicePage.form(typed)) }
        guard !typed.isEmpty else { return .page(DevicePage.form(typed, .missing)) }
        // What is not eight letters can be no code, so it is neither counted nor looked up.
        guard let code = UserCode(typed: typed) else { return .page(DevicePage.form(typed, .wrong)) }
        // The guesses of users who are signed in count for their accounts, so nobody else's hold them up.
        let user = request.caller?.user.id
        switch try await host.attempts.count(CodeEntry.secret, of: user, from: request.head.address) {
        case .allowed(let attempt): return try await check(code, attempt, user)
        case .later(let wait): return .page(delayed(code, user, wait))
        @unknown default:
            throw OAuthError(.serverError, reason: "the server gives an answer that this plugin does not know")
        }
    }

    private func check(_ code: UserCode, _ attempt: CountedAttempt, _ user: String?) async throws -> EndpointResponse {
        // Wrong, expired and used codes look the same.
        guard let key = try await requests.pending(code) else {
            host.events.record(Event(.codeFailed, subject: user.map { .user($0) }))
            return .page(DevicePage.form(code.shown, .wrong))
        }
        try await host.attempts.succeeded(attempt)
        return .interaction(DeviceApproval.purpose, context: DeviceApproval.context(key, code))
    }

    /// The form for a code that comes too early, with a way to sign in first for those who are not signed in.
    private func delayed(_ code: UserCode, _ user: String?, _ wait: Duration) -> Page {
        host.events.record(
            Event(
                .codeDelayed, subject: user.map { .user($0) }, details: ["seconds": .integer(wait.components.seconds)]))
        let signIn = user == nil ? requests.address(of: CodeSignIn.page, with: code) : nil
        return DevicePage.form(code.shown, .throttled, wait, signIn: signIn)
    }
}

extension Event.Kind {
    /// A code that a user typed is wrong, has expired or has been used.
    fileprivate static let codeFailed = Event.Kind(rawValue: "device-authorization.code_failed")
    /// A code came too early after others, and was not looked up.
    fileprivate static let codeDelayed = Event.Kind(rawValue: "device-authorization.code_delayed")
}
