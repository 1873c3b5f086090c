# SPDX-License-Identifier: Apache-2.0
"""A real headless browser and its user."""

import base64
import json
import shutil
import urllib.parse

from selenium import webdriver
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import WebDriverWait

from program import PATIENCE, ROOT

SCREENSHOTS = ROOT / ".build/interop/screenshots"
CHALLENGE = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
VERIFIER = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"


def launch(scripts=True):
    options = webdriver.ChromeOptions()
    options.binary_location = shutil.which("chromium")
    for argument in [
        "--headless=new", "--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu", "--hide-scrollbars",
        "--no-first-run", "--disable-background-networking", "--disable-component-update", "--lang=en",
    ]:
        options.add_argument(argument)
    options.accept_insecure_certs = True
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    settings = {"credentials_enable_service": False, "profile.password_manager_enabled": False}
    if not scripts:
        settings["profile.managed_default_content_settings.javascript"] = 2
    options.add_experimental_option("prefs", settings)
    return webdriver.Chrome(options=options, service=webdriver.ChromeService(shutil.which("chromedriver")))


class Browser:
    def __init__(self, scripts=True):
        self.driver = launch(scripts)
        self.scripts = scripts
        self.home = self.driver.current_window_handle

    def fresh(self):
        """Resets the browser to that of another computer: one tab, no cookies and no history that matters."""
        for tab in self.driver.window_handles:
            if tab != self.home:
                self.driver.switch_to.window(tab)
                self.driver.close()
        self.driver.switch_to.window(self.home)
        self.driver.get("about:blank")
        self.command("Network.clearBrowserCookies")
        self.command("Network.enable")
        self.command("Network.setExtraHTTPHeaders", headers={})
        self.look(1280, "light")
        for log in ["browser", "performance"]:
            self.driver.get_log(log)

    def command(self, name, **parameters):
        return self.driver.execute_cdp_cmd(name, parameters)

    def look(self, width, scheme):
        height = 740 if width < 600 else 900
        self.command(
            "Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=width < 600)
        # Without animations, so that no screenshot is taken during one.
        features = {"prefers-color-scheme": scheme, "prefers-reduced-motion": "reduce"}
        self.command(
            "Emulation.setEmulatedMedia", features=[{"name": n, "value": v} for n, v in features.items()])

    def speak(self, language):
        """Reloads the page in another language."""
        self.command("Network.setExtraHTTPHeaders", headers={"Accept-Language": language})
        before = self.driver.find_element(By.TAG_NAME, "html")
        self.driver.refresh()
        self.wait(lambda: self.is_gone(before))

    def open(self, address):
        self.driver.get(address)

    def tab(self):
        self.driver.switch_to.new_window("tab")
        return self.driver.current_window_handle

    @property
    def title(self):
        return self.driver.find_element(By.TAG_NAME, "h1").text

    @property
    def text(self):
        return self.driver.find_element(By.TAG_NAME, "main").text

    @property
    def address(self):
        return urllib.parse.urlsplit(self.driver.current_url)

    def field(self, name):
        return self.driver.find_element(By.CSS_SELECTOR, f'input[name="{name}"]:not([type="hidden"])')

    def type(self, **fields):
        for name, value in fields.items():
            self.field(name).clear()
            self.field(name).send_keys(value)

    def press(self, button):
        """Presses a button and waits until the page has changed."""
        before = self.driver.find_element(By.TAG_NAME, "html")
        next(b for b in self.driver.find_elements(By.CSS_SELECTOR, "button, a.button") if b.text == button).click()
        self.wait(lambda: self.is_gone(before))

    def wait(self, condition, seconds=PATIENCE):
        WebDriverWait(self.driver, seconds, poll_frequency=0.05).until(lambda _: condition())

    @staticmethod
    def is_gone(element):
        try:
            element.is_enabled()
            return False
        except Exception:
            return True

    def arrives(self, title):
        def is_there():
            try:
                return self.title == title
            except Exception:
                return False

        try:
            self.wait(is_there)
        except Exception:
            raise AssertionError(f"no page '{title}' at {self.driver.current_url}: {self.driver.page_source[:2000]}")

    def sign_in(self, who, password=None):
        self.arrives("Sign in")
        self.type(username=who["login"], password=password or who["password"])
        self.press("Sign in")

    def guess(self, who):
        """Types a wrong password until attempts are throttled; on a slow machine, the first short waits pass unnoticed."""
        for _ in range(8):
            self.sign_in(who, password="not it")
            self.arrives("Sign in")
            if "Try again in" in self.text:
                return

    def boxes(self):
        return {box.get_attribute("value"): box for box in self.driver.find_elements(By.NAME, "scope")}

    def cookies(self):
        return {cookie["name"]: cookie for cookie in self.command("Network.getAllCookies")["cookies"]}

    def complaints(self):
        """The problems that the browser found, in particular violations of the content security policy, but not the
        error status of a page."""
        return [
            line["message"] for line in self.driver.get_log("browser")
            if line["level"] == "SEVERE" and "favicon.ico" not in line["message"]
            and not line["message"].startswith(self.driver.current_url)
        ]

    def requested(self):
        """The URLs that the browser has requested since the last call."""
        events = [json.loads(line["message"])["message"] for line in self.driver.get_log("performance")]
        return [e["params"]["request"]["url"] for e in events if e["method"] == "Network.requestWillBeSent"]

    def picture(self, name):
        SCREENSHOTS.mkdir(parents=True, exist_ok=True)
        shot = self.command("Page.captureScreenshot", format="png", captureBeyondViewport=True)
        (SCREENSHOTS / f"{name}.png").write_bytes(base64.b64decode(shot["data"]))

    def end(self):
        self.driver.quit()


def link(program, client="backend", scope="openid profile email offline_access", **more):
    """The URL behind an application's sign-in button."""
    redirect = program.callback.replace("/callback", "/native") if client == "native" else program.callback
    parameters = {
        "response_type": "code", "client_id": client, "redirect_uri": redirect, "scope": scope, "state": "af0ifjsldkj",
        "nonce": "n-0S6", "code_challenge": CHALLENGE, "code_challenge_method": "S256", **more,
    }
    return f"{program.issuer}/auth/authorize?{urllib.parse.urlencode(parameters, quote_via=urllib.parse.quote)}"
