# SPDX-License-Identifier: Apache-2.0
"""Users sign out and end their sessions in real browsers."""

import urllib.parse

import requests

import signed
from browser import link
from test_browser import BACK, CONSENT, SECRETS, any_site, finish  # noqa: F401

EVENT = "http://schemas.openid.net/event/backchannel-logout"


def use(program, browser, application, who, client="backend", scope="openid profile offline_access"):
    browser.open(link(program, client, scope))
    if browser.title == "Sign in":
        browser.sign_in(who)
    browser.arrives(CONSENT)
    browser.press("Allow")
    return finish(browser, program, application, client)


def is_active(program, token, client):
    answer = requests.post(
        f"{program.issuer}/auth/introspect", auth=(client, SECRETS[client]), verify=program.certificate or True,
        data={"token": token})
    return answer.json()["active"]


def told(program, token):
    return signed.verify(program, token, ["RS256", "ES256"]).claims


def leave(program, hint):
    place = program.callback.removesuffix("/callback")
    parameters = {"id_token_hint": hint, "post_logout_redirect_uri": f"{place}/goodbye", "state": "bye"}
    return f"{program.issuer}/auth/logout?{urllib.parse.urlencode(parameters)}"


def test_signing_out_of_two_applications(any_site, browser, application):
    who = any_site.person()
    first = use(any_site, browser, application, who)
    second = use(any_site, browser, application, who, "reference", "openid profile")
    sid = told(any_site, first["id_token"])["sid"]
    browser.open(leave(any_site, first["id_token"]))
    browser.arrives(BACK)
    assert browser.address.path == "/goodbye"
    answers = {}
    for _ in range(4):
        answer = application.answered()
        answers[answer.path] = answer
    assert answers["/goodbye"].parameters == {"state": "bye"}
    assert answers["/frontchannel"].parameters == {"kept": "1", "iss": any_site.issuer, "sid": sid}
    for path, client in [("/backchannel", "backend"), ("/backchannel-es256", "reference")]:
        assert answers[path].method == "POST" and list(answers[path].parameters) == ["logout_token"]
        token = answers[path].parameters["logout_token"]
        any_site.secrets.add(token)
        claims = told(any_site, token)
        assert claims["aud"] == client and claims["iss"] == any_site.issuer
        assert claims["sub"] == who["id"] and claims["sid"] == sid and claims["events"] == {EVENT: {}}
        assert "nonce" not in claims
    for tokens, client in [(first, "backend"), (second, "reference")]:
        assert not is_active(any_site, tokens["access_token"], client)
    browser.open(link(any_site, "reference"))
    browser.arrives("Sign in")
    assert not browser.complaints()


def test_signing_out_without_scripts(site, still_browser, application):
    browser = still_browser
    who = site.person()
    first = use(site, browser, application, who, "backend")
    use(site, browser, application, who, "reference", "openid profile")
    browser.open(leave(site, first["id_token"]))
    browser.arrives("You are signed out")
    browser.press("Continue")
    browser.arrives(BACK)
    assert browser.address.path == "/goodbye"


def test_signing_out_is_asked_about(site, browser, application):
    who = site.person()
    tokens = use(site, browser, application, who)
    place = site.callback.removesuffix("/callback")
    browser.open(f"{site.issuer}/auth/logout?client_id=backend&post_logout_redirect_uri={place}/goodbye")
    browser.arrives("Sign out?")
    assert who["name"] in browser.text and "Corner Bookshop" in browser.text
    assert is_active(site, tokens["access_token"], "backend")
    browser.press("Sign out")
    browser.arrives(BACK)
    assert browser.address.path == "/goodbye" and not is_active(site, tokens["access_token"], "backend")
    assert not browser.complaints()


def test_a_form_of_another_site_is_asked_about(site, browser, application):
    tokens = use(site, browser, application, site.person())
    browser.open(application.place(
        "/elsewhere", f"<h1>Elsewhere</h1><form method=post action={site.issuer}/auth/logout><button>Go</button></form>"))
    browser.press("Go")
    browser.arrives("Sign out?")
    assert is_active(site, tokens["access_token"], "backend")


def test_ending_a_session_in_another_tab(site, browser, application):
    who = site.person()
    tokens = use(site, browser, application, who)
    browser.open(link(site, "reference", "openid profile"))
    browser.arrives(CONSENT)
    first = browser.home
    browser.tab()
    browser.open(f"{site.issuer}/auth/sessions")
    browser.arrives("Where you are signed in")
    assert "This browser" in browser.text and "Chrome, Linux" in browser.text and "Corner Bookshop" in browser.text
    browser.press("Sign out")
    browser.arrives("Sign out this browser?")
    assert is_active(site, tokens["access_token"], "backend")
    browser.press("Sign out")
    browser.arrives("You are signed out")
    assert not is_active(site, tokens["access_token"], "backend")
    browser.driver.switch_to.window(first)
    browser.press("Allow")
    browser.arrives("Sign in")
    assert not browser.complaints()


def test_ending_the_session_of_another_browser_without_scripts(site, browser, still_browser, application):
    who = site.person()
    tokens = use(site, browser, application, who)
    still_browser.open(f"{site.issuer}/auth/sessions")
    still_browser.sign_in(who)
    still_browser.arrives("Where you are signed in")
    buttons = still_browser.driver.find_elements("css selector", "button[name=session]")
    assert len(buttons) == 2
    buttons[1].click()
    still_browser.arrives("Sign out this browser?")
    still_browser.press("Cancel")
    still_browser.arrives("Where you are signed in")
    assert is_active(site, tokens["access_token"], "backend")
    still_browser.press("Sign out everywhere else")
    still_browser.arrives("Sign out everywhere else?")
    still_browser.press("Sign out")
    still_browser.wait(lambda: len(still_browser.driver.find_elements("css selector", "button[name=session]")) == 1)
    assert "This browser" in still_browser.text
    assert not is_active(site, tokens["access_token"], "backend")
    browser.open(f"{site.issuer}/auth/sessions")
    browser.arrives("Sign in")


def test_taking_back_what_was_allowed(site, still_browser, application):
    browser = still_browser
    tokens = use(site, browser, application, site.person())
    browser.open(link(site, "backend", "openid profile offline_access"))
    browser.arrives(BACK)
    application.answered()
    browser.open(f"{site.issuer}/auth/grants")
    browser.arrives("Applications with access to your account")
    assert "Corner Bookshop" in browser.text and "See your profile" in browser.text
    browser.press("Remove access")
    browser.arrives("Remove access?")
    browser.press("Remove access")
    browser.wait(lambda: "No application has access to your account." in browser.text)
    assert not is_active(site, tokens["access_token"], "backend")
    browser.open(link(site, "backend", "openid profile offline_access"))
    browser.arrives(CONSENT)
