# SPDX-License-Identifier: Apache-2.0
"""The pages in German: long words must fit too, and a browser's languages are enough to get them."""

import pytest
from selenium.webdriver.common.by import By

from browser import link
from person import Person
from test_looks import LOOKS, accessible, fits

SCOPE = "openid profile email address phone offline_access orders.read"


@pytest.fixture
def german(browser):
    browser.command("Network.enable")
    browser.command("Network.setExtraHTTPHeaders", headers={"Accept-Language": "de-AT,de;q=0.9,en;q=0.5"})
    yield browser
    browser.command("Network.setExtraHTTPHeaders", headers={})


def sign_in(site, browser):
    browser.open(link(site))
    browser.arrives("Anmelden")


def give_password(browser, who, password=None):
    browser.type(username=who["login"], password=password or who["password"])
    browser.press("Anmelden")


def wrong_password(site, browser):
    sign_in(site, browser)
    give_password(browser, site.person(), "not it")
    browser.arrives("Anmelden")
    assert "Passwort stimmt nicht" in browser.text


def throttled(site, browser):
    guesser = Person(site, site.person())
    guesser.guess(guesser.open(link(site)))
    sign_in(site, browser)
    for _ in range(8):
        # On a slow machine, the first short waits pass unnoticed.
        give_password(browser, guesser.who, "not it")
        browser.arrives("Anmelden")
        if "Versuchen Sie es in" in browser.text:
            break
    assert "Versuchen Sie es in" in browser.text


def consent(site, browser):
    browser.open(link(site, "backend", SCOPE))
    give_password(browser, site.person())
    browser.arrives("Zugriff auf Ihr Konto erlauben?")


def unknown_application(site, browser):
    browser.open(link(site, "nobody"))
    browser.arrives("Unbekannte Anwendung")


def expired(site, browser):
    browser.open(f"{site.issuer}/auth/interaction?state=made-up")
    browser.arrives("Diese Seite ist abgelaufen")


@pytest.mark.parametrize(
    "page", [sign_in, wrong_password, throttled, consent, unknown_application, expired], ids=lambda page: page.__name__)
def test_a_page_fits_and_keeps_nobody_out(site, german, page):
    page(site, german)
    assert german.driver.find_element(By.TAG_NAME, "html").get_attribute("lang") == "de"
    for width, scheme in LOOKS:
        german.look(width, scheme)
        german.picture(f"de-{page.__name__}-{width}-{scheme}")
        fits(german)
        accessible(german)
    assert not german.complaints()


def test_the_page_of_a_form_post_fits(site, still_browser):
    """Without scripts the page stays; the language in the client's request is enough."""
    still_browser.open(link(site, response_mode="form_post", ui_locales="de"))
    give_password(still_browser, site.person())
    still_browser.press("Erlauben")
    still_browser.arrives("Sie werden zurückgeleitet")
    for width, scheme in LOOKS:
        still_browser.look(width, scheme)
        still_browser.picture(f"de-form_post-{width}-{scheme}")
        fits(still_browser)


def test_text_of_twice_the_size_fits_too(site, german):
    consent(site, german)
    german.look(360, "light")
    german.driver.execute_script("document.documentElement.style.fontSize = '200%'")
    german.picture("de-consent-360-large-text")
    fits(german)
