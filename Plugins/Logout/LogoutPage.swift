// SPDX-License-Identifier: Apache-2.0

/// The page that asks a person whether they want to sign out.
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
        <p class="note">{{text.logout_note}}</p>
        {{> foot}}
        """

    static let texts = [
        "en": [
            "logout_title": "Sign out?",
            "logout_message":
                "This ends your session on this server, and with it the access of the applications that use it.",
            "logout_user": "Signed in as",
            "logout_client": "Asked by",
            "logout_button": "Sign out",
            "logout_note": "If you did not ask for this, close the page: you stay signed in.",
        ],
        "de": [
            "logout_title": "Abmelden?",
            "logout_message":
                "Damit endet Ihre Sitzung auf diesem Server und mit ihr der Zugang der Anwendungen, die sie verwenden.",
            "logout_user": "Angemeldet als",
            "logout_client": "Gewünscht von",
            "logout_button": "Abmelden",
            "logout_note": "Wenn Sie das nicht wollten, schließen Sie die Seite: Sie bleiben angemeldet.",
        ],
    ]
}
