# SPDX-License-Identifier: Apache-2.0
"""Every page as users see it: a screenshot of each, and axe-core's findings on accessibility."""

import importlib.util
import pathlib

import pytest
import requests
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

from browser import link
from person import Person
from program import PATIENCE

CONSENT = "Allow access to your account?"
LOOKS = [(width, scheme) for width in (360, 1280) for scheme in ("light", "dark")]
AXE = pathlib.Path(importlib.util.find_spec("axe_playwright_python").submodule_search_locations[0]) / "axe.min.js"
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


def sign_in(site, browser):
    browser.open(link(site))
    browser.arrives("Sign in")


def wrong_password(site, browser):
    sign_in(site, browser)
    browser.sign_in(site.person(), password="not it")
    browser.arrives("Sign in")


def throttled(site, browser):
    guesser = Person(site, site.person())
    guesser.guess(guesser.open(link(site)))
    sign_in(site, browser)
    browser.guess(guesser.who)
    assert "Try again in" in browser.text


def consent(site, browser, client="backend", scope="openid profile email address phone offline_access orders.read"):
    browser.open(link(site, client, scope))
    browser.sign_in(site.person())
    browser.arrives(CONSENT)


def consent_on_this_device(site, browser):
    consent(site, browser, "native", "openid profile offline_access")


def consent_with_nothing_to_choose(site, browser):
    consent(site, browser, "reference", "openid")


def unknown_application(site, browser):
    browser.open(link(site, "nobody"))
    browser.arrives("Unknown application")


def expired(site, browser):
    browser.open(f"{site.issuer}/auth/interaction?state=made-up")
    browser.arrives("This page has expired")


def signed_in(site, browser):
    who = site.person()
    for client, scope in [("backend", "openid profile email offline_access"), ("reference", "openid profile")]:
        browser.open(link(site, client, scope))
        if browser.title == "Sign in":
            browser.sign_in(who)
        browser.arrives(CONSENT)
        browser.press("Allow")
        browser.arrives("Back at the application")
    return who


def sessions(site, browser):
    elsewhere = Person(site, signed_in(site, browser))
    elsewhere.sign_in(elsewhere.open(link(site)))
    browser.open(f"{site.issuer}/auth/sessions")
    browser.arrives("Where you are signed in")
    assert len(browser.driver.find_elements(By.CSS_SELECTOR, ".items > li")) == 2


def grants(site, browser):
    signed_in(site, browser)
    browser.open(f"{site.issuer}/auth/grants")
    browser.arrives("Applications with access to your account")
    assert "Corner Bookshop" in browser.text and "Library" in browser.text


def ending_a_session(site, browser):
    sessions(site, browser)
    browser.press("Sign out")
    browser.arrives("Sign out this browser?")


def ending_all_others(site, browser):
    sessions(site, browser)
    browser.press("Sign out everywhere else")
    browser.arrives("Sign out everywhere else?")


def removing_access(site, browser):
    grants(site, browser)
    browser.press("Remove access")
    browser.arrives("Remove access?")


def start_page(site, browser):
    browser.open(site.issuer)
    browser.arrives("Your account")
    browser.press("Where you are signed in")
    browser.sign_in(site.person())
    browser.arrives("Where you are signed in")
    browser.open(site.issuer)
    browser.arrives("Your account")
    assert "Signed in as" in browser.text and "Sign out" in browser.text


def nothing_there(site, browser):
    browser.open(f"{site.issuer}/no/such/page")
    browser.arrives("There is nothing here")
    browser.press("Go to the start page")
    browser.arrives("Your account")
    browser.driver.back()
    browser.arrives("There is nothing here")


def change_password(site, browser, new="a longer password", again=None):
    who = site.stored_person()
    browser.open(f"{site.issuer}/.well-known/change-password")
    browser.sign_in(who)
    browser.arrives("Change your password")
    browser.type(current_password=who["password"], new_password=new, repeated_password=again or new)
    return who


def changing_the_password(site, browser):
    change_password(site, browser)


def two_new_passwords(site, browser):
    change_password(site, browser, again="another one, longer")
    browser.press("Change password")
    browser.wait(lambda: "two different new passwords" in browser.text)


def password_of_the_file(site, browser):
    browser.open(f"{site.issuer}/auth/password")
    browser.sign_in(site.person())
    browser.wait(lambda: "cannot be changed here" in browser.text)


def password_changed(site, browser):
    who = change_password(site, browser)
    browser.command("Network.setExtraHTTPHeaders", headers={"Accept-Language": "de"})
    browser.press("Change password")
    browser.arrives("Ihr Passwort ist geändert")
    for width, scheme in LOOKS:
        browser.look(width, scheme)
        browser.picture(f"password_changed-{width}-{scheme}-german")
    browser.command("Network.setExtraHTTPHeaders", headers={})
    site.secrets.add("a longer password")
    browser.open(f"{site.issuer}/auth/sessions")
    browser.sign_in(who)
    browser.wait(lambda: "is incorrect" in browser.text)
    browser.sign_in(who, "a longer password")
    browser.arrives("Where you are signed in")
    browser.open(f"{site.issuer}/auth/password")
    browser.arrives("Change your password")
    browser.type(
        current_password="a longer password", new_password="one more password", repeated_password="one more password")
    browser.press("Change password")
    browser.arrives("Your password has changed")


def no_grants(site, browser):
    browser.open(f"{site.issuer}/auth/grants")
    browser.sign_in(site.person())
    browser.arrives("Applications with access to your account")


def sign_out(site, browser):
    signed_in(site, browser)
    browser.open(f"{site.issuer}/auth/logout?client_id=backend")
    browser.arrives("Sign out?")


def signed_out(site, browser):
    browser.open(f"{site.issuer}/auth/logout")
    browser.arrives("You are signed out")


def used(site, browser):
    """A way to continue: the page that the back button shows."""
    browser.open(link(site))
    browser.sign_in(site.person())
    browser.arrives(CONSENT)
    place = browser.driver.current_url
    browser.press("Allow")
    browser.arrives("Back at the application")
    browser.open(place)
    browser.arrives("This page has expired")
    assert browser.driver.find_element(By.LINK_TEXT, "Start again")


def device_codes(site):
    answer = requests.post(f"{site.issuer}/auth/device_authorization", data={"client_id": "tv"}, timeout=PATIENCE)
    return answer.json()


def device(site, browser):
    browser.open(device_codes(site)["verification_uri_complete"])
    browser.arrives("Connect a device")


def wrong_device_code(site, browser):
    browser.open(device_codes(site)["verification_uri"])
    browser.arrives("Connect a device")
    browser.type(user_code="BBBB-BBBB")
    browser.press("Continue")
    browser.wait(lambda: "This code is wrong" in browser.text)


def device_consent(site, browser):
    device(site, browser)
    browser.press("Continue")
    browser.sign_in(site.person())
    browser.arrives(CONSENT)
    assert "A device is asking for access to your account." in browser.text


def device_connected(site, browser):
    device_consent(site, browser)
    browser.press("Allow")
    browser.arrives("Your device is connected")


def device_denied(site, browser):
    device_consent(site, browser)
    browser.press("Deny")
    browser.arrives("Access denied")


PAGES = [
    sign_in, wrong_password, throttled, consent, consent_on_this_device, consent_with_nothing_to_choose, unknown_application,
    expired, used, sessions, ending_a_session, ending_all_others, grants, removing_access, no_grants, sign_out, signed_out,
    start_page, nothing_there, changing_the_password, two_new_passwords, password_of_the_file, password_changed,
    device, wrong_device_code, device_consent, device_connected, device_denied,
]


def accessible(browser):
    """WCAG 2.2 AA, as far as a machine can check it."""
    browser.driver.execute_script(AXE.read_text())
    found = browser.driver.execute_async_script(
        "const done = arguments[arguments.length - 1]; axe.run(document, {runOnly: arguments[0]}).then(done)", RULES)
    assert found["passes"], "it did look at something"
    problems = [(rule["id"], node["html"], node["failureSummary"]) for rule in found["violations"] for node in rule["nodes"]]
    assert not problems, problems


def fits(browser):
    """Nothing overflows sideways, and targets are large enough (WCAG 2.2, 1.4.10 and 2.5.8)."""
    width = browser.driver.execute_script("return [document.documentElement.scrollWidth, window.innerWidth]")
    assert width[0] <= width[1], f"{width[0]} wide on {width[1]}"
    small = [
        (e.text or e.get_attribute("name"), e.size)
        for e in browser.driver.find_elements(By.CSS_SELECTOR, "button, .button, .links a, input:not([type=hidden])")
        if e.is_displayed() and (e.size["height"] < 24 or e.size["width"] < 24)
    ]
    assert not small, small


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.__name__)
def test_a_page_fits_and_keeps_nobody_out(site, browser, page):
    page(site, browser)
    for width, scheme in LOOKS:
        browser.look(width, scheme)
        browser.picture(f"{page.__name__}-{width}-{scheme}")
        fits(browser)
        accessible(browser)
    browser.speak("de")
    assert browser.driver.find_element(By.TAG_NAME, "html").get_attribute("lang") == "de"
    for width, scheme in LOOKS:
        browser.look(width, scheme)
        browser.picture(f"{page.__name__}-{width}-{scheme}-de")
        fits(browser)
    assert not browser.complaints()


def test_the_page_of_a_form_post_fits(site, still_browser):
    browser = still_browser
    browser.open(link(site, response_mode="form_post"))
    browser.sign_in(site.person())
    browser.arrives(CONSENT)
    browser.press("Allow")
    browser.arrives("You are being sent back")
    for width, scheme in LOOKS:
        browser.look(width, scheme)
        browser.picture(f"form_post-{width}-{scheme}")
        fits(browser)


def test_the_page_that_leads_on_fits_and_keeps_nobody_out(site, browser, application):
    application.onward = ""
    browser.open(link(site, "house", "openid profile"))
    browser.sign_in(site.person())
    browser.arrives("You are being sent back")
    for width, scheme in LOOKS:
        browser.look(width, scheme)
        browser.picture(f"sent_back-{width}-{scheme}")
        fits(browser)
        accessible(browser)
    assert not browser.complaints()


def test_consent_to_eight_scopes_takes_two_screens_of_a_phone(site, browser):
    consent(site, browser, scope="openid profile email address phone offline_access orders.read orders.write")
    browser.look(360, "light")
    for language in ("en", "de"):
        browser.speak(language)
        assert browser.driver.execute_script("return document.documentElement.scrollHeight") <= 2 * 740, language


def test_enter_in_a_check_box_decides_nothing(site, browser):
    consent(site, browser)
    before = browser.driver.current_url
    browser.boxes()["email"].send_keys(Keys.ENTER)
    browser.driver.execute_async_script("setTimeout(arguments[arguments.length - 1], 500)")
    assert browser.driver.current_url == before and browser.title == CONSENT


def test_the_name_and_the_links_of_the_deployment_are_on_its_pages(site, browser):
    site.brand("""
pages: { name: { en: Example Clinic, de: Beispielklinik }, logo: logo.svg, help: "https://www.example.com/help", forgot_password: "https://www.example.com/forgot" }
scopes:
  orders.read: { title: { en: See your orders, de: Ihre Bestellungen sehen }, detail: What you ordered and when. }
""")
    try:
        sign_in(site, browser)
        assert "Forgot your password?" in browser.text
        for width, scheme in LOOKS:
            browser.look(width, scheme)
            browser.picture(f"branded-{width}-{scheme}")
            fits(browser)
            accessible(browser)
        assert browser.driver.execute_script(
            "const i = document.querySelector('header img'); return i.complete && i.naturalWidth > 0")
        consent(site, browser)
        assert "See your orders" in browser.text
        browser.look(1280, "light")
        browser.picture("branded-consent-1280-light")
        assert not browser.complaints()
    finally:
        site.brand("")


def test_light_and_dark_differ(site, browser):
    sign_in(site, browser)
    seen = []
    for scheme in ("light", "dark"):
        browser.look(1280, scheme)
        seen.append(browser.driver.find_element(By.TAG_NAME, "body").value_of_css_property("background-color"))
    assert seen[0] != seen[1]


def test_text_of_twice_the_size_fits_too(site, browser):
    consent(site, browser)
    browser.look(360, "light")
    browser.driver.execute_script("document.documentElement.style.fontSize = '200%'")
    browser.picture("consent-360-large-text")
    fits(browser)


def test_the_keyboard_alone_is_enough(site, browser):
    """Every element is reached in order with the keyboard, and shows its focus."""
    consent(site, browser)
    reached = []
    for _ in range(20):
        browser.driver.switch_to.active_element.send_keys(Keys.TAB)
        element = browser.driver.switch_to.active_element
        if element.tag_name == "body":
            break
        assert element.value_of_css_property("outline-style") != "none"
        reached.append(element.get_attribute("value") or element.text)
    assert reached[-2:] == ["deny", "allow"]
    assert [word for word in reached if word in browser.boxes()] == list(browser.boxes())
