# SPDX-License-Identifier: Apache-2.0
"""The README's four kinds of application, as a reader tries them: the shipped configuration, a browser, the commands."""

import json
import os
import re
import subprocess
import urllib.parse

import pytest

from browser import Browser
from program import PATIENCE, ROOT, Program


class Shipped(Program):
    """The shipped configuration on a free port."""

    def configuration(self):
        return (ROOT / "config.yaml").read_text().replace("8080", str(self.port))


class Reader:
    """A reader who pastes the commands of a section."""

    def __init__(self, program, folder, title):
        section = (ROOT / "README.md").read_text().split(f"\n## {title}\n")[1].split("\n## ")[0]
        self.program, self.folder, self.known = program, folder, {}
        self.text = section.replace("127.0.0.1:8080", f"127.0.0.1:{program.port}")
        self.lines = self.text.splitlines()

    @property
    def address(self):
        return next(line for line in self.lines if line.startswith(f"{self.program.issuer}/auth/authorize?"))

    @property
    def commands(self):
        return [line for line in self.lines if line.startswith("curl ")]

    def paste(self, line):
        ended = subprocess.run(
            ["bash", "-c", line], env={**os.environ, **self.known}, cwd=self.folder, capture_output=True, text=True,
            timeout=PATIENCE)
        assert ended.returncode == 0, ended.stderr
        answer = json.loads(ended.stdout or "{}")
        for variable, member in [("TOKEN", "access_token"), ("REFRESH", "refresh_token")]:
            self.known[variable] = answer.get(member, self.known.get(variable, ""))
        self.program.secrets |= {value for value in self.known.values() if value}
        return answer


@pytest.fixture(scope="module")
def program(tmp_path_factory):
    program = Shipped(tmp_path_factory.mktemp("shipped"), None, secure=False)
    program.secrets |= {"demo-web-secret", "demo-ann", "demo-secret"}
    yield program
    program.stop()


def test_a_server(program, tmp_path):
    reader = Reader(program, tmp_path, "A server")
    token, told = [reader.paste(line) for line in reader.commands]
    assert token["access_token"] and told["active"] and told["client_id"] == "demo" and told["scope"] == "read"


def test_a_web_application(program, browser: Browser, tmp_path):
    reader = Reader(program, tmp_path, "A web application with a backend")
    name, password = re.search(r"sign in as `([^`]*)`\s+with `([^`]*)`", reader.text).groups()
    browser.open(reader.address)
    browser.sign_in({"login": name, "password": password})
    browser.arrives("Allow access to your account?")
    assert "Demo Shop" in browser.text and "Ann Lee" in browser.text
    browser.press("Allow")
    # Nothing listens at the redirect URI, so the code is in the address bar.
    browser.wait(lambda: browser.driver.current_url.startswith("http://127.0.0.1:3000/callback?"))
    reader.known = {"CODE": dict(urllib.parse.parse_qsl(browser.address.query))["code"]}
    answers = [reader.paste(line) for line in reader.commands]
    assert len(answers) == 4 and not any("error" in answer for answer in answers), answers
    assert answers[0]["id_token"] and answers[1]["name"] == "Ann Lee" and answers[2]["access_token"]
    refresh = next(line for line in reader.commands if "grant_type=refresh_token" in line)
    assert reader.paste(refresh)["error"] == "invalid_grant", "the last command ended it"


def test_a_single_page_application(program, browser: Browser, tmp_path):
    reader = Reader(program, tmp_path, "A single page application")
    browser.open(reader.address)
    browser.sign_in({"login": "ann", "password": "demo-ann"})
    browser.arrives("Allow access to your account?")
    assert "Demo Gallery" in browser.text
    browser.press("Allow")
    browser.wait(lambda: browser.driver.current_url.startswith("http://127.0.0.1:3001/#"))
    members = dict(urllib.parse.parse_qsl(browser.address.fragment))
    assert members["state"] == "af0ifjsldkj" and "refresh_token" not in members
    reader.known = {"TOKEN": members["access_token"]}
    told, = [reader.paste(line) for line in reader.commands]
    assert told["name"] == "Ann Lee"


def test_a_native_application(program, tmp_path):
    reader = Reader(program, tmp_path, "A native application")
    first, second = [reader.paste(line) for line in reader.commands]
    assert first["access_token"] and first["token_type"] == "Bearer"
    assert second["access_token"] not in ("", first["access_token"])
