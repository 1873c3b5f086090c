// SPDX-License-Identifier: Apache-2.0

/// The page that asks a user whether to sign out.
enum LogoutPage {
    static let template = """
        {{> head}}
        <p>{{text.logout_message}}</p>
        <dl class="facts">
        <div><dt>{{text.logout_user}}</dt><dd><bdi class="name">{{user}}</bdi></dd></div>
        {{#client}}<div><dt>{{text.logout_client}}</dt><dd><bdi class="name">{{client.name}}</bdi></dd></div>{{/client}}
        </dl>
        <form method="post" action="{{action}}">
        <input type="hidden" name="csrf" value="{{csrf}}">
        <input type="hidden" name="asked" value="{{asked}}">
        {{#languages}}<input type="hidden" name="ui_locales" value="{{languages}}">{{/languages}}
        <button class="button primary">{{text.logout_button}}</button>
        </form>
        {{#home}}<a class="button" href="{{home}}">{{text.logout_stay}}</a>{{/home}}
        {{^home}}<p class="note">{{text.logout_note}}</p>{{/home}}
        {{> foot}}
        """

    static let texts = [
        "en": [
            "logout_title": "Sign out?",
            "logout_message":
                "You are signed out here, and the applications that you used lose their access.",
            "logout_user": "Signed in as",
            "logout_client": "Requested by",
            "logout_button": "Sign out",
            "logout_stay": "Stay signed in",
            "logout_note": "If you did not ask for this, close the page: you stay signed in.",
        ],
        "de": [
            "logout_title": "Abmelden?",
            "logout_message":
                "Sie werden hier abgemeldet, und die Anwendungen, die Sie verwendet haben, verlieren ihren Zugriff.",
            "logout_user": "Angemeldet als",
            "logout_client": "Gewünscht von",
            "logout_button": "Abmelden",
            "logout_stay": "Angemeldet bleiben",
            "logout_note": "Wenn Sie das nicht wollten, schließen Sie die Seite: Sie bleiben angemeldet.",
        ],
    ]
}
