# SPDX-License-Identifier: Apache-2.0
"""A user of a browser without scripts, who reads pages, fills in forms and presses buttons."""

import urllib.parse

import html5lib
import requests


class Form:
    def __init__(self, element, page):
        self.method = element.get("method", "get")
        self.action = urllib.parse.urljoin(page, element.get("action", ""))
        self.fields = [self.value(field) for field in element.iter("input") if self.is_sent(field)]
        self.inputs = {field.get("name"): field for field in element.iter("input")}
        self.buttons = [(b.get("name"), b.get("value"), "".join(b.itertext()).strip()) for b in element.iter("button")]

    @staticmethod
    def is_sent(field):
        return field.get("type") != "checkbox" or "checked" in field.attrib

    @staticmethod
    def value(field):
        return field.get("name"), field.get("value", "on" if field.get("type") == "checkbox" else "")


class Page:
    def __init__(self, response):
        self.response = response
        self.address = response.url
        # Strict: anything that is not well-formed HTML fails the test.
        parser = html5lib.HTMLParser(strict=True, namespaceHTMLElements=False)
        self.tree = parser.parse(response.text)
        self.forms = [Form(element, self.address) for element in self.tree.iter("form")]

    @property
    def title(self):
        return "".join(next(self.tree.iter("h1")).itertext())

    @property
    def text(self):
        return " ".join("".join(self.tree.find("body").itertext()).split())

    def form_with(self, button):
        return next(form for form in self.forms if any(text == button for _, _, text in form.buttons))


class Person:
    def __init__(self, program, who=None):
        self.program = program
        self.who = who or program.person()
        self.http = requests.Session()
        self.http.verify = program.certificate or True

    def open(self, address):
        return self.follow(self.http.get(address, allow_redirects=False))

    def follow(self, response):
        """Follows redirects on the server; returns the page, or the URL of the application to which it leads."""
        while response.status_code == 303:
            address = urllib.parse.urljoin(response.url, response.headers["location"])
            if not address.startswith(self.program.issuer + "/"):
                return address
            response = self.http.get(address, allow_redirects=False)
        assert response.headers["content-type"] == "text/html; charset=utf-8", response.text
        return Page(response)

    def press(self, page, button, untick=(), **typed):
        """Presses a button and sends the fields of its form, with what was typed or unticked before."""
        form = page.form_with(button)
        fields = [(n, typed.pop(n, v)) for n, v in form.fields if (n, v) not in [("scope", word) for word in untick]]
        assert not typed, f"the form has no field for {typed}"
        fields += [(name, value) for name, value, text in form.buttons if text == button and name]
        return self.follow(self.http.request(form.method, form.action, data=fields, allow_redirects=False))

    def sign_in(self, page):
        assert page.title == "Sign in", page.text
        return self.press(page, "Sign in", username=self.who["login"], password=self.who["password"])

    def guess(self, page):
        """Sends a wrong password until attempts are throttled; on a slow machine, the first short waits pass unnoticed."""
        for _ in range(40):
            page = self.press(page, "Sign in", username=self.who["login"], password="not it")
            if "There were too many attempts." in page.text:
                return page
        raise AssertionError("forty wrong passwords were not throttled: " + page.text)

    def allow(self, address, untick=()):
        """Goes all the way from the application's link to its callback."""
        page = self.open(address)
        if isinstance(page, Page) and page.title == "Sign in":
            page = self.sign_in(page)
        if isinstance(page, Page):
            assert page.title == "Allow access to your account?", page.text
            page = self.press(page, "Allow", untick=untick)
        assert isinstance(page, str), getattr(page, "text", page)
        return page
