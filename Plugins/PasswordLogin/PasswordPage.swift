// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// The page on which users change their password.
struct PasswordPage: Endpoint {
    static let page = Route(["GET", "POST"], "/password")

    let host: any PluginHost
    /// The minimum length of a new password in characters.
    let shortest: Int
    let route = PasswordPage.page
    let admission = Admission.user()
    let parameters = ["current_password", "new_password", "repeated_password"].map {
        ParameterDeclaration($0, longest: 65_536, secret: true)
    }

    /// The reason why a password was not changed; the raw value ends the key of its text.
    private enum Problem: String {
        case missing, wrong, short, same, different, unsuitable, busy, throttled
    }

    func respond(to request: EndpointRequest<UserSession>) async throws -> EndpointResponse {
        let user = request.caller.user
        // A document without a version belongs to the configuration, which this page cannot change.
        guard try await host.users.documents.entry(user.id)?.version != nil else {
            return .page(Page("password", ["kind": "declared"]))
        }
        guard request.isSubmitted else { return .page(page(user)) }
        let typed = request.parameters
        guard let current = typed["current_password"], let new = typed["new_password"], !current.isEmpty, !new.isEmpty
        else { return .page(page(user, .missing)) }
        guard new.unicodeScalars.count >= shortest else { return .page(page(user, .short)) }
        guard new == typed["repeated_password"] else { return .page(page(user, .different)) }
        guard new != current else { return .page(page(user, .same)) }
        // No account has such a password, so nothing is counted by it.
        guard current.utf8.count <= PasswordLogin.longestPassword else { return .page(page(user, .wrong)) }
        return try await change(Secret(current), to: Secret(new), of: user, from: request.head.address)
    }

    private func change(
        _ current: Secret, to new: Secret, of user: User, from address: String
    ) async throws -> EndpointResponse {
        // Made first: once the password has changed, nothing may fail.
        let done = try await done()
        do {
            switch try await host.users.changePassword(of: user.id, from: current, to: new, address: address) {
            case .verified: return done
            case .later(let wait): return .page(page(user, .throttled, wait))
            default:
                // Of two presses of the button, the second finds another password.
                let isChanged = try await host.users.find(user.id)?.epoch != user.epoch
                return .page(isChanged ? Page("password", ["kind": "meanwhile"]) : page(user, .wrong))
            }
        } catch let error as OAuthError where error.code == .temporarilyUnavailable {
            return .page(page(user, .busy))
        } catch let refusal as DocumentRefusal {
            return .page(refusal.kind == .invalid ? page(user, .unsuitable) : Page("password", ["kind": "meanwhile"]))
        }
    }

    /// Leads to a page that can be loaded again, and that nobody is shown whose password has not changed.
    private func done() async throws -> EndpointResponse {
        let seal = try await host.keys.seal("\(host.now.seconds)", purpose: PasswordChanged.purpose)
        var response = EndpointResponse.redirect("\(host.address(of: PasswordChanged.page))?changed=\(seal)")
        response.forgetsSession = true
        return response
    }

    private func page(_ user: User, _ problem: Problem? = nil, _ wait: Duration? = nil) -> Page {
        var values: JSON = [
            "form": true,
            "login": .string(user.document["userName"]?.string ?? user.document["email"]?.string ?? user.id),
            "shortest": .integer(Int64(shortest)),
        ]
        values["problem"] = (problem?.rawValue).map(JSON.string)
        values["retry_after"] = wait.map { .integer($0.components.seconds + 1) }
        return Page("password", values)
    }
}

/// Says that the password has changed.
struct PasswordChanged: Endpoint {
    static let page = Route(["GET"], "/password/changed")
    static let purpose = "password-changed"
    /// The number of seconds for which the page can be loaded again.
    private static let lifetime: Int64 = 600

    let host: any PluginHost
    let route = PasswordChanged.page
    let admission = Admission.browser()
    let parameters = [ParameterDeclaration("changed", longest: 512)]

    func respond(to request: EndpointRequest<UserSession?>) async throws -> EndpointResponse {
        guard let seal = request.parameters["changed"],
            let text = try await host.keys.open(seal, purpose: PasswordChanged.purpose), let time = Int64(text),
            host.now.seconds - time < PasswordChanged.lifetime
        else {
            return .redirect(host.address(of: PasswordPage.page))
        }
        return .page(Page("password", ["kind": "changed"]))
    }
}

/// Redirects password managers to the password page (W3C, A Well-Known URL for Changing Passwords).
struct ChangePasswordAddress: Endpoint {
    let host: any PluginHost
    let route = Route(["GET"], "/change-password", below: .wellKnown)
    let admission = Admission.browser()

    func respond(to request: EndpointRequest<UserSession?>) async throws -> EndpointResponse {
        .redirect(host.address(of: PasswordPage.page))
    }
}

extension PasswordPage {
    static let template = """
        {{> head}}
        <p>{{message}}</p>
        {{> problem}}
        {{#form}}
        <form method="post" action="{{action}}">
        <input type="hidden" name="csrf" value="{{csrf}}">
        <input type="text" name="username" value="{{login}}" autocomplete="username" hidden>
        <div class="field">
        <label for="current_password">{{text.password_current}}</label>
        <input id="current_password" name="current_password" type="password" autocomplete="current-password" required autofocus>
        </div>
        <div class="field">
        <label for="new_password">{{text.password_new}}</label>
        <input id="new_password" name="new_password" type="password" autocomplete="new-password" minlength="{{shortest}}" required aria-describedby="password_rule">
        <p class="hint" id="password_rule">{{text.password_rule}} {{shortest}} {{text.password_rule_end}}</p>
        </div>
        <div class="field">
        <label for="repeated_password">{{text.password_repeated}}</label>
        <input id="repeated_password" name="repeated_password" type="password" autocomplete="new-password" required>
        </div>
        <button class="button primary">{{text.password_button}}</button>
        </form>
        {{/form}}
        {{#home}}<a class="button" href="{{home}}">{{text.home}}</a>{{/home}}
        {{> foot}}
        """

    static let texts = [
        "en": [
            "password_title": "Change your password",
            "password_message": "You will be signed out everywhere. Sign in again with the new password.",
            "password_current": "Current password",
            "password_new": "New password",
            "password_rule": "At least",
            "password_rule_end": "characters.",
            "password_repeated": "New password, once more",
            "password_button": "Change password",
            "password_changed_title": "Your password has changed",
            "password_changed_message":
                "You are signed out everywhere. Sign in with the new password from now on.",
            "password_meanwhile_title": "Your account was changed a moment ago",
            "password_meanwhile_message":
                "Perhaps you pressed the button twice. Sign in with your new password.",
            "password_declared_message":
                "Your password cannot be changed here. Ask the people who run this server to change it.",
            "password_problem_missing": "Fill in all three fields.",
            "password_problem_wrong": "The current password is wrong.",
            "password_problem_short": "The new password is too short.",
            "password_problem_same": "The new password is the same as the current one.",
            "password_problem_different": "You typed two different new passwords.",
            "password_problem_unsuitable":
                "The new password is too long, or contains characters that cannot be typed everywhere.",
        ],
        "de": [
            "password_title": "Passwort ändern",
            "password_message": "Sie werden überall abgemeldet. Melden Sie sich mit dem neuen Passwort wieder an.",
            "password_current": "Derzeitiges Passwort",
            "password_new": "Neues Passwort",
            "password_rule": "Mindestens",
            "password_rule_end": "Zeichen.",
            "password_repeated": "Neues Passwort, noch einmal",
            "password_button": "Passwort ändern",
            "password_changed_title": "Ihr Passwort ist geändert",
            "password_changed_message":
                "Sie sind überall abgemeldet. Melden Sie sich von jetzt an mit dem neuen Passwort an.",
            "password_meanwhile_title": "Ihr Konto wurde gerade geändert",
            "password_meanwhile_message":
                "Vielleicht haben Sie die Schaltfläche zweimal gewählt. Melden Sie sich mit Ihrem neuen Passwort an.",
            "password_declared_message":
                "Ihr Passwort kann hier nicht geändert werden. Bitte wenden Sie sich an die Betreiber dieses Servers.",
            "password_problem_missing": "Bitte füllen Sie alle drei Felder aus.",
            "password_problem_wrong": "Das derzeitige Passwort stimmt nicht.",
            "password_problem_short": "Das neue Passwort ist zu kurz.",
            "password_problem_same": "Das neue Passwort ist dasselbe wie das derzeitige.",
            "password_problem_different": "Sie haben zwei verschiedene neue Passwörter eingegeben.",
            "password_problem_unsuitable":
                "Das neue Passwort ist zu lang oder enthält Zeichen, die sich nicht überall eingeben lassen.",
        ],
    ]
}
