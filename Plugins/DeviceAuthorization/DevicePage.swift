// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// The page where users type a device's code, and the pages that say how it ended.
enum DevicePage {
    static let name = "device"
    static let connected = Page(name, ["kind": "connected"])
    static let denied = Page(name, ["kind": "denied"])
    /// The pages for a user who decides on a page that was open when the same code was approved or denied elsewhere.
    static let connectedBefore = Page(name, ["kind": "connected_before"])
    static let deniedBefore = Page(name, ["kind": "denied_before"])

    /// The reason why the form is shown again; the raw value ends the key of its text.
    enum Problem: String {
        case missing, wrong, throttled
    }

    /// The form.
    ///
    /// - Parameters:
    ///   - typed: What the user typed, or what a link filled in; of it, only the letters of codes are shown.
    ///   - problem: Why the form is shown again.
    ///   - wait: How long the user has to wait before the next attempt.
    ///   - signIn: Where the user can sign in first; nil if that would not help.
    /// - Returns: The page.
    static func form(
        _ typed: String, _ problem: Problem? = nil, _ wait: Duration? = nil, signIn: String? = nil
    ) -> Page {
        var values: JSON = ["form": true, "user_code": .string(UserCode.shown(typed: typed))]
        values["problem"] = (problem?.rawValue).map(JSON.string)
        values["retry_after"] = wait.map { .integer($0.components.seconds + 1) }
        values["sign_in"] = signIn.map(JSON.string)
        return Page(name, values)
    }

    /// The warning on the consent page.
    ///
    /// - Parameters:
    ///   - code: The code that the user typed.
    ///   - address: The address from which the request came.
    ///   - age: The time since then.
    /// - Returns: The warning.
    static func warning(code: String, address: String, age: Duration) -> ConsentWarning {
        let minutes = max(0, age.components.seconds / 60)
        let text =
            switch minutes {
            case 0: "device_warning_now"
            case 1: "device_warning_minute"
            default: "device_warning_minutes"
            }
        return ConsentWarning(text, ["code": code, "address": address, "minutes": "\(minutes)"])
    }
}

extension DevicePage {
    static let template = """
        {{> head}}
        <p>{{message}}</p>
        {{#form}}
        {{> problem}}
        <form method="post" action="{{action}}" autocomplete="off">
        <input type="hidden" name="csrf" value="{{csrf}}">
        <div class="field">
        <label for="user_code">{{text.device_code}}</label>
        <input id="user_code" name="user_code" type="text" value="{{user_code}}" maxlength="40" autocomplete="off" autocapitalize="characters" spellcheck="false" dir="ltr" required aria-describedby="device_hint{{#problem}} problem{{/problem}}" autofocus>
        <p class="hint" id="device_hint">{{text.device_hint}}</p>
        </div>
        <button class="button primary">{{text.device_button}}</button>
        </form>
        {{#sign_in}}
        <p>{{text.device_sign_in_first}}</p>
        <a class="button" href="{{sign_in}}">{{text.device_sign_in}}</a>
        {{/sign_in}}
        <p class="note">{{text.device_note}}</p>
        {{/form}}
        {{^form}}
        {{#home}}<a class="button" href="{{home}}">{{text.home}}</a>{{/home}}
        {{/form}}
        {{> foot}}
        """

    static let texts: [String: [String: String]] = [
        "en": [
            "device_title": "Connect a device",
            "device_message": "Type the code that your device shows.",
            "device_code": "Code",
            "device_hint": "Eight letters. You can leave out the hyphen.",
            "device_button": "Continue",
            "device_note": "Never type a code that someone has sent you: it would give them access to your account.",
            "device_sign_in_first":
                "Many codes are being tried at the moment. If you sign in first, others no longer hold you up.",
            "device_sign_in": "Sign in first",
            "device_problem_missing": "Type the code.",
            "device_problem_wrong":
                "This code is wrong, has expired or has been used. Check what your device shows, or start again there.",
            "device_warning_now":
                "A device is asking for access to your account. Only continue if the device in front of you shows the code "
                + "{code}. The request came from the address {address}, less than a minute ago.",
            "device_warning_minute":
                "A device is asking for access to your account. Only continue if the device in front of you shows the code "
                + "{code}. The request came from the address {address}, 1 minute ago.",
            "device_warning_minutes":
                "A device is asking for access to your account. Only continue if the device in front of you shows the code "
                + "{code}. The request came from the address {address}, {minutes} minutes ago.",
            "device_connected_title": "Your device is connected",
            "device_connected_message": "You can close this page and go back to your device.",
            "device_denied_title": "Access denied",
            "device_denied_message": "The device gets no access to your account. You can close this page.",
            "device_connected_before_title": "This device is already connected",
            "device_connected_before_message":
                "Its code was approved on another page, so nothing has changed now. If you did not approve it "
                + "yourself, disconnect the device and start again there.",
            "device_denied_before_title": "Access was already denied",
            "device_denied_before_message":
                "The code was refused on another page, so the device gets no access. To connect it, start again there.",
        ],
        "de": [
            "device_title": "Gerät verbinden",
            "device_message": "Geben Sie den Code ein, den Ihr Gerät anzeigt.",
            "device_code": "Code",
            "device_hint": "Acht Buchstaben. Den Bindestrich können Sie weglassen.",
            "device_button": "Weiter",
            "device_note":
                "Geben Sie nie einen Code ein, den Ihnen jemand geschickt hat: Er gäbe dieser Person Zugriff auf Ihr "
                + "Konto.",
            "device_sign_in_first":
                "Im Moment werden viele Codes ausprobiert. Wenn Sie sich zuerst anmelden, halten andere Sie nicht mehr "
                + "auf.",
            "device_sign_in": "Zuerst anmelden",
            "device_problem_missing": "Geben Sie den Code ein.",
            "device_problem_wrong":
                "Dieser Code ist falsch, abgelaufen oder schon verwendet. Vergleichen Sie ihn mit der Anzeige Ihres "
                + "Geräts, oder fangen Sie dort noch einmal an.",
            "device_warning_now":
                "Ein Gerät möchte auf Ihr Konto zugreifen. Fahren Sie nur fort, wenn das Gerät vor "
                + "Ihnen den Code {code} anzeigt. Die Anfrage kam vor weniger als einer Minute von der Adresse "
                + "{address}.",
            "device_warning_minute":
                "Ein Gerät möchte auf Ihr Konto zugreifen. Fahren Sie nur fort, wenn das Gerät vor "
                + "Ihnen den Code {code} anzeigt. Die Anfrage kam vor 1 Minute von der Adresse {address}.",
            "device_warning_minutes":
                "Ein Gerät möchte auf Ihr Konto zugreifen. Fahren Sie nur fort, wenn das Gerät vor "
                + "Ihnen den Code {code} anzeigt. Die Anfrage kam vor {minutes} Minuten von der Adresse {address}.",
            "device_connected_title": "Ihr Gerät ist verbunden",
            "device_connected_message": "Sie können diese Seite schließen und zu Ihrem Gerät zurückkehren.",
            "device_denied_title": "Zugriff verweigert",
            "device_denied_message": "Das Gerät erhält keinen Zugriff auf Ihr Konto. Sie können diese Seite schließen.",
            "device_connected_before_title": "Dieses Gerät ist schon verbunden",
            "device_connected_before_message":
                "Sein Code wurde auf einer anderen Seite bestätigt, deshalb hat sich jetzt nichts geändert. Wenn Sie "
                + "das nicht selbst waren, trennen Sie das Gerät und fangen Sie dort noch einmal an.",
            "device_denied_before_title": "Der Zugriff wurde schon verweigert",
            "device_denied_before_message":
                "Der Code wurde auf einer anderen Seite abgelehnt, deshalb erhält das Gerät keinen Zugriff. Um es zu "
                + "verbinden, fangen Sie dort noch einmal an.",
        ],
    ]
}
