// SPDX-License-Identifier: Apache-2.0

/// The page on which users ask for a code and type it.
enum CodePage {
    static let name = "mail_code"

    static let template = """
        {{> head}}
        <p>{{message}}</p>
        <p><bdi dir="ltr">{{address}}</bdi></p>
        {{> problem}}
        {{#is_sent}}
        <form method="post" action="{{action}}">
        {{> sealed}}
        <div class="field">
        <label for="code">{{text.mail_code_code}}</label>
        <input id="code" name="code" type="text" inputmode="numeric" autocomplete="one-time-code" maxlength="16" spellcheck="false" required autofocus{{#problem}} aria-describedby="problem"{{/problem}}>
        </div>
        <button class="button primary">{{text.mail_code_continue}}</button>
        </form>
        <p class="note">{{text.mail_code_note}}</p>
        <form method="post" action="{{action}}">
        {{> sealed}}
        <button class="button" name="send" value="1">{{text.mail_code_another}}</button>
        </form>
        {{/is_sent}}
        {{^is_sent}}
        <form method="post" action="{{action}}">
        {{> sealed}}
        <button class="button primary" name="send" value="1">{{text.mail_code_send}}</button>
        </form>
        {{/is_sent}}
        {{> foot}}
        """

    /// The strings by language.
    ///
    /// The string of a problem that is missing here, such as `throttled`, is the server's own.
    static let texts = [
        "en": [
            "mail_code_title": "Confirm that it is you",
            "mail_code_message": "To sign in, you need a code. It is sent to this address:",
            "mail_code_sent_message": "Type the code that was sent to this address:",
            "mail_code_again_message": "A new code was sent to this address. The one before is no longer valid.",
            "mail_code_send": "Send the code",
            "mail_code_code": "Code",
            "mail_code_continue": "Continue",
            "mail_code_another": "Send another code",
            "mail_code_note": "The mail may take a minute. A code is valid for ten minutes.",
            "mail_code_problem_wrong": "This is not the code, or it is no longer valid.",
            "mail_code_problem_early": "A code was sent less than a minute ago.",
        ],
        "de": [
            "mail_code_title": "Bestätigen Sie, dass Sie es sind",
            "mail_code_message": "Um sich anzumelden, brauchen Sie einen Code. Er wird an diese Adresse gesendet:",
            "mail_code_sent_message": "Geben Sie den Code ein, der an diese Adresse gesendet wurde:",
            "mail_code_again_message":
                "Ein neuer Code wurde an diese Adresse gesendet. Der vorige gilt nicht mehr.",
            "mail_code_send": "Code senden",
            "mail_code_code": "Code",
            "mail_code_continue": "Weiter",
            "mail_code_another": "Neuen Code senden",
            "mail_code_note": "Die E-Mail kann eine Minute brauchen. Ein Code gilt zehn Minuten lang.",
            "mail_code_problem_wrong": "Das ist nicht der Code, oder er gilt nicht mehr.",
            "mail_code_problem_early": "Vor weniger als einer Minute wurde schon ein Code gesendet.",
        ],
    ]
}
