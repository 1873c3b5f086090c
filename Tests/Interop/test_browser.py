# SPDX-License-Identifier: Apache-2.0
"""Chromium goes through what users go through."""

import html
import urllib.parse

import pytest
import requests
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

import signed
from browser import VERIFIER, link
from person import Person
from program import Program

CONSENT = "Allow access to your account?"
BACK = "Back at the application"
SECRETS = {"backend": "demo-backend-secret", "reference": "demo-reference-secret", "house": "demo-house-secret"}


@pytest.fixture(params=["http", "https"])
def any_site(request):
    return request.getfixturevalue("site" if request.param == "http" else "server")


def redeem(program, code, client="backend"):
    answer = requests.post(
        f"{program.issuer}/auth/token", auth=(client, SECRETS[client]), verify=program.certificate or True,
        data={"grant_type": "authorization_code", "code": code, "code_verifier": VERIFIER,
              "redirect_uri": program.callback})
    program.secrets.add(code)
    return answer


def finish(browser, program, application, client="backend"):
    """Checks that the browser is back with a code, and returns the tokens for it."""
    browser.arrives(BACK)
    answer = application.answered()
    assert answer.parameters["state"] == "af0ifjsldkj" and answer.parameters["iss"] == program.issuer
    assert "referer" not in answer.headers, "the application learns nothing of the pages' addresses"
    tokens = redeem(program, answer.parameters["code"], client)
    assert tokens.status_code == 200, tokens.text
    assert not browser.complaints()
    return tokens.json()


def test_signing_in_and_allowing(any_site, browser, application):
    who = any_site.person()
    browser.open(link(any_site))
    browser.arrives("Sign in")
    assert "Corner Bookshop" in browser.text
    assert browser.driver.switch_to.active_element.get_attribute("name") == "username"
    browser.sign_in(who)
    browser.arrives(CONSENT)
    assert who["name"] in browser.text and "Corner Bookshop" in browser.text
    assert list(browser.boxes()) == ["profile", "email", "offline_access"]
    assert "state=" in browser.address.query and who["password"] not in browser.driver.current_url
    browser.press("Allow")
    tokens = finish(browser, any_site, application)
    assert signed.verify_identity(any_site, tokens, "backend", "n-0S6")["sub"] == who["id"]


def test_cookies_are_out_of_reach_and_die_with_the_browser(any_site, browser, application):
    who = any_site.person()
    browser.open(link(any_site))
    before = browser.cookies()
    browser.sign_in(who)
    browser.arrives(CONSENT)
    prefix = "__Host-" if any_site.certificate else ""
    cookies = browser.cookies()
    # These are followed by what distinguishes the issuers of one host.
    def kinds(names):
        return sorted(name.rpartition("_")[0] for name in names)
    assert kinds(cookies) == [f"{prefix}grantor_browser", f"{prefix}grantor_session"]
    assert kinds(before) == [f"{prefix}grantor_browser"], "a page that is only looked at begins no session"
    for cookie in cookies.values():
        assert cookie["httpOnly"] and cookie["sameSite"] == "Lax" and cookie["session"] and cookie["path"] == "/"
        assert cookie["secure"] == bool(any_site.certificate)
    assert browser.driver.execute_script("return document.cookie") == ""


def test_a_wrong_password_and_then_the_right_one(site, browser, application):
    who = site.person()
    browser.open(link(site))
    browser.sign_in(who, password="not it")
    browser.arrives("Sign in")
    alert = browser.driver.find_element(By.CSS_SELECTOR, '[role="alert"]')
    assert alert.text == "The username or the password is incorrect."
    assert browser.driver.title.startswith("Problem: Sign in")
    assert browser.field("username").get_attribute("value") == who["login"], "the name need not be typed again"
    assert browser.field("password").get_attribute("value") == ""
    assert browser.driver.switch_to.active_element.get_attribute("name") == "password"
    browser.field("password").send_keys(who["password"], Keys.ENTER)
    browser.arrives(CONSENT)
    browser.press("Allow")
    finish(browser, site, application)


def test_somebody_who_does_not_exist_sees_the_same(site, browser):
    browser.open(link(site))
    browser.sign_in({"login": "nobody@example.com", "password": "whatever it is"})
    browser.arrives("Sign in")
    assert "The username or the password is incorrect." in browser.text


def test_nothing_is_sent_while_a_field_is_empty(site, browser):
    browser.open(link(site))
    address = browser.driver.current_url
    browser.driver.find_element(By.CSS_SELECTOR, "button.primary").click()
    assert browser.driver.current_url == address
    assert browser.driver.find_elements(By.CSS_SELECTOR, "input:invalid")


def test_guessing_is_slowed_down_and_said(site, browser):
    who = site.person()
    browser.open(link(site))
    guesser = Person(site, who)
    guesser.guess(guesser.open(link(site)))
    browser.guess(who)
    assert "There were too many attempts." in browser.text and "Try again in" in browser.text


def test_what_is_unticked_is_not_granted(site, browser, application):
    who = site.person()
    browser.open(link(site))
    browser.sign_in(who)
    browser.arrives(CONSENT)
    for word in ["email", "offline_access"]:
        browser.boxes()[word].click()
    browser.press("Allow")
    tokens = finish(browser, site, application)
    assert tokens["scope"] == "openid profile" and "refresh_token" not in tokens
    browser.open(link(site, prompt="consent"))
    browser.arrives(CONSENT)
    ticked = {word: box.is_selected() for word, box in browser.boxes().items()}
    assert ticked == {"profile": True, "email": False, "offline_access": False}, "as it was left"


def test_a_label_is_as_good_as_its_box(site, browser):
    browser.open(link(site))
    browser.sign_in(site.person())
    browser.arrives(CONSENT)
    label = next(e for e in browser.driver.find_elements(By.CSS_SELECTOR, "label.scope") if "email" in e.text)
    label.click()
    assert not browser.boxes()["email"].is_selected()


def test_denying(site, browser, application):
    browser.open(link(site))
    browser.sign_in(site.person())
    browser.arrives(CONSENT)
    browser.press("Deny")
    browser.arrives(BACK)
    parameters = application.answered().parameters
    assert parameters.pop("error_description")
    assert parameters == {"error": "access_denied", "state": "af0ifjsldkj", "iss": site.issuer}


def test_consent_is_remembered_and_asked_for_again_if_more_is_wanted(site, browser, application):
    browser.open(link(site, scope="openid profile"))
    browser.sign_in(site.person())
    browser.arrives(CONSENT)
    browser.press("Allow")
    finish(browser, site, application)
    browser.open(link(site, scope="openid profile"))
    finish(browser, site, application)
    browser.open(link(site, scope="openid profile email"))
    browser.arrives(CONSENT)


def test_a_client_of_the_house_asks_for_no_consent(site, browser, application):
    browser.open(link(site, "house", "openid profile"))
    browser.sign_in(site.person())
    finish(browser, site, application, "house")


def test_one_sign_in_serves_two_applications(site, browser, application):
    browser.open(link(site, "house", "openid profile"))
    browser.sign_in(site.person())
    first = signed.verify_identity(site, finish(browser, site, application, "house"), "house", "n-0S6")
    browser.open(link(site))
    browser.arrives(CONSENT)
    browser.press("Allow")
    second = signed.verify_identity(site, finish(browser, site, application), "backend", "n-0S6")
    assert (first["sub"], first["sid"]) == (second["sub"], second["sid"])


def test_using_another_account(site, browser, application):
    one, other = site.person(), site.person()
    browser.open(link(site))
    browser.sign_in(one)
    browser.arrives(CONSENT)
    browser.press("Use another account")
    browser.sign_in(other)
    browser.arrives(CONSENT)
    assert other["name"] in browser.text and one["name"] not in browser.text.replace(other["name"], "")
    browser.press("Allow")
    assert signed.verify_identity(site, finish(browser, site, application), "backend", "n-0S6")["sub"] == other["id"]


def test_reloading_each_page_changes_nothing(site, browser, application):
    who = site.person()
    browser.open(link(site))
    browser.driver.refresh()
    browser.sign_in(who, password="not it")
    browser.arrives("Sign in")
    browser.driver.refresh()
    browser.arrives("Sign in")
    assert "The username or the password is incorrect." in browser.text
    browser.sign_in(who)
    browser.arrives(CONSENT)
    browser.driver.refresh()
    browser.arrives(CONSENT)
    browser.press("Allow")
    finish(browser, site, application)


def test_going_back_from_the_consent_page(site, browser, application):
    """A user who is already signed in sees the next page, not a form that they have filled in."""
    who = site.person()
    browser.open(link(site))
    browser.sign_in(who)
    browser.arrives(CONSENT)
    browser.driver.back()
    browser.arrives(CONSENT)
    assert who["name"] in browser.text
    browser.press("Allow")
    finish(browser, site, application)


def test_going_back_after_allowing_grants_nothing_twice(site, browser, application):
    browser.open(link(site))
    browser.sign_in(site.person())
    browser.arrives(CONSENT)
    browser.press("Allow")
    finish(browser, site, application)
    browser.driver.back()
    if browser.title == CONSENT:
        browser.press("Allow")
    browser.arrives("This page has expired")
    assert application.is_idle
    assert "start again" in browser.text


def test_going_back_after_denying_and_allowing_after_all(site, browser, application):
    browser.open(link(site))
    browser.sign_in(site.person())
    browser.arrives(CONSENT)
    browser.press("Deny")
    browser.arrives(BACK)
    assert application.answered().parameters["error"] == "access_denied"
    browser.driver.back()
    browser.arrives(CONSENT)
    browser.press("Allow")
    finish(browser, site, application)


def test_two_tabs_at_once_get_what_each_asked_for(site, browser, application):
    """Both are open before the user signs in; each continues from its own page."""
    who = site.person()
    first = browser.home
    browser.open(link(site, scope="openid profile", state="first"))
    second = browser.tab()
    browser.open(link(site, "reference", "openid email", state="second"))
    browser.sign_in(who)
    browser.arrives(CONSENT)
    assert "Library" in browser.text
    browser.driver.switch_to.window(first)
    browser.sign_in(who)
    browser.arrives(CONSENT)
    assert "Corner Bookshop" in browser.text
    browser.driver.switch_to.window(second)
    browser.press("Allow")
    browser.arrives(BACK)
    answer = application.answered().parameters
    assert answer["state"] == "second"
    assert redeem(site, answer["code"], "reference").json()["scope"] == "openid email"
    browser.driver.switch_to.window(first)
    browser.press("Allow")
    browser.arrives(BACK)
    answer = application.answered().parameters
    assert answer["state"] == "first"
    tokens = redeem(site, answer["code"]).json()
    assert signed.verify_identity(site, tokens, "backend", "n-0S6")["sub"] == who["id"]


def test_two_tabs_with_two_people_mix_nobody_up(site, browser, application):
    """A consent page shown to one user does not count as the consent of another who has signed in meanwhile."""
    one, other = site.person(), site.person()
    first = browser.home
    browser.open(link(site))
    browser.sign_in(one)
    browser.arrives(CONSENT)
    browser.tab()
    browser.open(link(site, prompt="login"))
    browser.sign_in(other)
    browser.arrives(CONSENT)
    browser.driver.switch_to.window(first)
    browser.press("Allow")
    if browser.title == CONSENT:
        assert other["name"] in browser.text, "it is asked anew, with the name of who is signed in"
    else:
        browser.arrives("Sign in")
    assert application.is_idle


def test_a_page_that_was_open_for_too_long(application, browser, tmp_path):
    """The program restarts with a clock two hours ahead, while the page stays open."""
    program = Program(tmp_path, application.callback, secure=False)
    try:
        who = program.person()
        browser.open(link(program))
        browser.arrives("Sign in")
        program.restart(later="+2h")
        browser.sign_in(who)
        browser.arrives("This page has expired")
        assert not browser.driver.find_elements(By.CSS_SELECTOR, "form")
        browser.open(link(program))
        browser.sign_in(who)
        browser.arrives(CONSENT)
        program.restart(later="+15h")
        browser.press("Allow")
        browser.arrives("This page has expired")
        browser.open(link(program))
        browser.arrives("Sign in")
    finally:
        program.stop()
    assert application.is_idle


def test_a_copied_address_is_of_no_use_in_another_browser(site, browser, still_browser):
    browser.open(link(site))
    browser.sign_in(site.person())
    browser.arrives(CONSENT)
    still_browser.open(browser.driver.current_url)
    still_browser.arrives("This page belongs to another browser session")


def test_a_form_post_returns_by_itself(any_site, browser, application):
    browser.open(link(any_site, response_mode="form_post"))
    browser.sign_in(any_site.person())
    browser.arrives(CONSENT)
    browser.press("Allow")
    browser.arrives(BACK)
    answer = application.answered()
    assert answer.method == "POST" and not browser.address.query
    assert redeem(any_site, answer.parameters["code"]).status_code == 200
    assert not browser.complaints()


def test_a_fragment_stays_in_the_browser(site, browser, application):
    browser.open(link(site, response_mode="fragment"))
    browser.sign_in(site.person())
    browser.arrives(CONSENT)
    browser.press("Allow")
    browser.arrives(BACK)
    assert application.answered().parameters == {}
    told = dict(urllib.parse.parse_qsl(browser.address.fragment))
    assert told["iss"] == site.issuer and redeem(site, told["code"]).status_code == 200


def test_an_application_on_the_device_is_called(site, browser):
    """Nothing on this machine opens such URLs, but the browser tries: the page's policy allows it."""
    browser.tab()
    browser.open(link(site, "native", "openid profile", redirect_uri="com.example.reader:/callback"))
    browser.sign_in(site.person())
    browser.arrives(CONSENT)
    assert "An app on this device" in browser.text
    next(b for b in browser.driver.find_elements(By.TAG_NAME, "button") if b.text == "Allow").click()
    browser.wait(lambda: any(a.startswith("com.example.reader:/callback?code=") for a in browser.requested()))
    assert not browser.complaints()


def test_a_request_that_another_site_posts_meets_the_session(site, browser, application):
    browser.open(link(site, "house", "openid profile"))
    browser.sign_in(site.person())
    finish(browser, site, application, "house")
    address, query = link(site, "house", "openid profile").split("?")
    fields = "".join(
        f'<input type="hidden" name="{name}" value="{value}">' for name, value in urllib.parse.parse_qsl(query))
    start = application.place("/start", f'<form method="post" action="{address}">{fields}<button>Go</button></form>')
    browser.open(start)
    browser.press("Go")
    finish(browser, site, application, "house")


def test_another_site_cannot_frame_the_pages(site, browser, application):
    browser.open(application.place("/frame", f'<iframe src="{html.escape(link(site))}"></iframe>'))
    browser.wait(lambda: any("frame-ancestors 'none'" in line for line in browser.complaints()))
    browser.driver.switch_to.frame(0)
    assert not browser.driver.find_elements(By.CSS_SELECTOR, "input")
    browser.driver.switch_to.default_content()


def test_everything_works_without_scripts(site, still_browser, application):
    browser, who = still_browser, site.person()
    browser.open(link(site))
    browser.sign_in(who, password="not it")
    browser.arrives("Sign in")
    assert "The username or the password is incorrect." in browser.text
    browser.sign_in(who)
    browser.arrives(CONSENT)
    browser.boxes()["email"].click()
    browser.press("Allow")
    assert finish(browser, site, application)["scope"] == "openid profile offline_access"


def test_a_form_post_waits_for_the_button_without_scripts(site, still_browser, application):
    browser = still_browser
    browser.open(link(site, response_mode="form_post"))
    browser.sign_in(site.person())
    browser.arrives(CONSENT)
    browser.press("Allow")
    browser.arrives("You are being sent back")
    assert application.is_idle
    browser.press("Continue")
    browser.arrives(BACK)
    answer = application.answered()
    assert answer.method == "POST" and redeem(site, answer.parameters["code"]).status_code == 200


@pytest.mark.parametrize("change, title", [
    ({"client_id": "nobody"}, "Unknown application"),
    ({"redirect_uri": "https://evil.example/"}, "Unknown return address"),
])
def test_nobody_is_sent_to_an_address_that_is_not_known_good(site, browser, application, change, title):
    browser.open(link(site, **change))
    browser.arrives(title)
    assert application.is_idle and site.issuer.endswith(browser.address.netloc)
