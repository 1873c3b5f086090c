# SPDX-License-Identifier: Apache-2.0
"""The forms lead to the server whatever the pages contain, and every application is reached after them."""

import urllib.parse

import pytest
from selenium.webdriver.common.by import By

from browser import link
from test_browser import BACK, CONSENT, any_site, finish, redeem  # noqa: F401

# Each joins the character before or after it, so that a program that reads Characters sees no quotation mark.
MARKS = ["\u0600", "\u0301", "\u200d", "\ufe0f", "\u0d4e", "\U000e0061"]
SCHEME = "com.example.reader://done"


def attack(mark, place):
    """Closes the attribute and the form around it, and opens a form of another site around what follows."""
    def joined(character):
        return mark + character + mark

    return "".join(joined(c) if c in "\"<>" else c for c in f'x"></form><form action={place} method=post>')


@pytest.mark.parametrize("mark", MARKS, ids=lambda mark: f"U+{ord(mark):04X}")
def test_a_password_goes_to_the_server_whatever_the_link_says(site, browser, application, mark):
    place = application.place("/steal", "<h1>Stolen</h1>")
    browser.open(link(site, login_hint=attack(mark, place)))
    assert len(browser.driver.find_elements(By.TAG_NAME, "form")) == 1
    assert browser.field("username").get_attribute("value") == attack(mark, place)
    browser.requested()
    browser.sign_in(site.person())
    browser.arrives(CONSENT)
    assert not [address for address in browser.requested() if not address.startswith(site.issuer)]
    assert application.is_idle and not browser.complaints()


@pytest.mark.parametrize("mark", MARKS, ids=lambda mark: f"U+{ord(mark):04X}")
def test_a_state_returns_in_a_form_as_it_came(site, browser, application, mark):
    state = attack(mark, application.place("/steal", "<h1>Stolen</h1>"))
    browser.open(link(site, response_mode="form_post", state=state))
    browser.sign_in(site.person())
    browser.arrives(CONSENT)
    browser.press("Allow")
    browser.arrives(BACK)
    answer = application.answered()
    assert answer.path == "/callback" and answer.parameters["state"] == state
    assert redeem(site, answer.parameters["code"]).status_code == 200


def sign_in(site, browser, client, **more):
    browser.open(link(site, client, "openid profile", **more))
    browser.sign_in(site.person())
    if client != "house":
        browser.arrives(CONSENT)
        next(b for b in browser.driver.find_elements(By.TAG_NAME, "button") if b.text == "Allow").click()


@pytest.mark.parametrize("mode", ["query", "form_post"])
@pytest.mark.parametrize("client", ["house", "backend"])
def test_an_application_redirects_on_to_another_host(any_site, browser, application, client, mode):
    application.onward = application.callback.replace("127.0.0.1", "localhost").replace("/callback", "/home")
    sign_in(any_site, browser, client, response_mode=mode)
    browser.arrives(BACK)
    assert application.answered().parameters["code"] and browser.address.netloc.startswith("localhost:")
    assert browser.address.path == "/home" and not browser.complaints()


@pytest.mark.parametrize("client", ["house", "backend"])
def test_an_application_redirects_on_to_a_scheme(site, browser, application, client):
    """Nothing on this machine opens such URLs, but the browser tries."""
    application.onward = SCHEME
    browser.tab()
    sign_in(site, browser, client)
    browser.wait(lambda: SCHEME in browser.requested())
    assert application.answered().parameters["code"] and not browser.complaints()


def test_without_scripts_it_leads_on_too(site, still_browser, application):
    browser = still_browser
    sign_in(site, browser, "house")
    finish(browser, site, application, "house")


def test_what_leads_on_can_be_pressed(site, browser, application):
    application.onward = ""
    sign_in(site, browser, "house")
    browser.arrives("You are being sent back")
    code = application.answered().parameters["code"]
    assert browser.driver.find_element(By.ID, "continue").get_attribute("href").startswith(application.callback)
    application.onward = None
    browser.press("Continue")
    browser.arrives(BACK)
    assert application.answered().parameters["code"] == code


def test_signing_out_redirects_on_to_another_host(site, browser, application):
    sign_in(site, browser, "backend")
    browser.arrives(BACK)
    application.forget()
    application.onward = application.callback.replace("127.0.0.1", "localhost").replace("/callback", "/home")
    place = site.callback.removesuffix("/callback")
    parameters = {"client_id": "backend", "post_logout_redirect_uri": f"{place}/goodbye"}
    browser.open(f"{site.issuer}/auth/logout?{urllib.parse.urlencode(parameters)}")
    browser.arrives("Sign out?")
    browser.press("Sign out")
    browser.arrives(BACK)
    assert browser.address.path == "/home" and not browser.complaints()


def test_a_button_that_is_pressed_twice(site, browser, application):
    """The second request is sent before the response to the first has arrived."""
    for client in ("house", "backend"):
        browser.fresh()
        browser.open(link(site, client, "openid profile"))
        who = site.person()
        browser.type(username=who["login"], password=who["password"])
        twice = "const f = arguments[0].form, b = arguments[0]; f.requestSubmit(b); f.requestSubmit(b)"
        browser.driver.execute_script(twice, browser.driver.find_element(By.CSS_SELECTOR, "button.primary"))
        if client == "backend":
            browser.arrives(CONSENT)
            browser.driver.execute_script(twice, browser.driver.find_element(By.CSS_SELECTOR, "button[value=allow]"))
        finish(browser, site, application, client)
        application.forget()
