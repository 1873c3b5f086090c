// SPDX-License-Identifier: Apache-2.0

import CPluginABI
import GrantKit

/// The sign-in step with a name and a password from the server's own directory.
struct PasswordLogin: Plugin, InteractionStep {
    static let manifest = PluginManifest(
        id: "password-login", summary: "users sign in with a password", specification: "RFC 8176 section 2, pwd")

    let name = "password-login"
    let phase = StepPhase.identify
    /// The limits are those of a request, so that the page can say what is too long.
    let fields = [
        ParameterDeclaration("username", longest: 65_536),
        ParameterDeclaration("password", longest: 65_536, secret: true),
    ]
    private static let longestLogin = 256
    static let longestPassword = 512
    private let host: any PluginHost
    private let acr: String
    private let shortest: Int

    init(settings: Settings, host: any PluginHost) {
        self.host = host
        acr = settings.read(
            "acr", default: "", "the authentication context class of a sign-in with a password; empty for none")
        shortest = Int(
            settings.read(
                "shortest_password", default: Int64(8), in: 1...64,
                "the minimum length, in characters, of a password that a user chooses"))
    }

    func register(in registry: inout Registry) {
        registry.add(step: self)
        registry.add(endpoint: PasswordPage(host: host, shortest: shortest))
        registry.add(endpoint: PasswordChanged(host: host))
        registry.add(endpoint: ChangePasswordAddress(host: host))
        registry.add(page: "password", template: PasswordPage.template, texts: PasswordPage.texts)
        if !acr.isEmpty { registry.add(metadata: "acr_values_supported", .union([acr])) }
    }

    func advance(_ interaction: Interaction, submitted: Parameters) async throws -> StepOutcome {
        let login = submitted["username"]
        guard login != nil || submitted["password"] != nil else { return .page(page(interaction)) }
        guard let login, let password = submitted["password"] else {
            let shown = login.flatMap { $0.utf8.count <= PasswordLogin.longestLogin ? $0 : nil }
            return .page(page(interaction, Kept(login: shown ?? "", problem: .missing)))
        }
        // No account has such a long name or password, so this reveals nothing, and nothing is counted or hashed.
        guard login.utf8.count <= PasswordLogin.longestLogin else {
            return .page(page(interaction, Kept(login: "", problem: .tooLong)))
        }
        guard password.utf8.count <= PasswordLogin.longestPassword else {
            return .page(page(interaction, Kept(login: login, problem: .tooLong)))
        }
        let outcome: PasswordOutcome
        do {
            outcome = try await host.users.verify(
                login: login, password: Secret(password), from: interaction.address)
        } catch let error as OAuthError where error.code == .temporarilyUnavailable {
            return .page(page(interaction, Kept(login: login, problem: .busy)))
        }
        switch outcome {
        case .verified(let user):
            return .done(StepResult(user: user, amr: ["pwd"], acr: acr.isEmpty ? nil : acr))
        case .refused, .inactive: return .page(page(interaction, Kept(login: login, problem: .credentials)))
        case .later(let wait):
            let until = host.now + wait + .seconds(1)
            return .page(page(interaction, Kept(login: login, problem: .throttled, until: until)))
        @unknown default: return .page(page(interaction, Kept(login: login, problem: .busy)))
        }
    }

    /// The state that the page shows after an attempt, which never includes the password.
    private struct Kept {
        enum Problem: String {
            case missing, credentials, throttled, busy
            case tooLong = "too_long"
        }

        var login: String
        var problem: Problem
        var until: Timestamp?

        var json: JSON {
            var json: JSON = ["login": .string(login), "problem": .string(problem.rawValue)]
            json["until"] = (until?.seconds).map(JSON.integer)
            return json
        }
    }

    /// The page, either with the result of this attempt or, in a later request, with the state that was kept.
    private func page(_ interaction: Interaction, _ news: Kept? = nil) -> Page {
        let kept = news?.json ?? interaction.kept
        var values: JSON = ["username_autocomplete": "username"]
        values["login"] = kept?["login"] ?? interaction.policy.loginHint.map(JSON.string)
        values["problem"] = kept?["problem"]
        let isOfFields = ["missing", "credentials", "too_long"].contains(kept?["problem"]?.string)
        values["fields"] = isOfFields ? true : nil
        if let until = kept?["until"]?.integer, until > host.now.seconds {
            values["retry_after"] = .integer(until - host.now.seconds)
        }
        return Page("sign_in", values, kept: kept)
    }
}

/// The handshake that the server reads before it loads this library.
@c(password_login_plugin_abi)
public func passwordLoginPluginABI() -> UnsafeRawPointer? {
    unsafe grantor_plugin_abi()
}

/// Hands the plugin to the server.
@c(password_login_plugin_make)
public func passwordLoginPluginMake() -> UnsafeMutableRawPointer {
    unsafe PluginExport.make(PasswordLogin.self)
}
