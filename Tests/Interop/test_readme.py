# SPDX-License-Identifier: Apache-2.0
"""The README's web application, as its reader does it: the shipped configuration, a browser, the commands."""

import json
import os
import re
import subprocess
import urllib.parse

from browser import Browser
from program import ROOT, Program

SECTION = "## A web application with a backend"


class Shipped(Program):
    """The shipped configuration, on a port that is free."""

    def configuration(self):
        return (ROOT / "config.yaml").read_text().replace("8080", str(self.port))


def test_each_step_works_as_it_stands(browser: Browser, tmp_path):
    program = Shipped(tmp_path, None, secure=False)
    program.secrets |= {"demo-web-secret", "demo-ann"}
    try:
        section = (ROOT / "README.md").read_text().split(SECTION)[1].split("\n## ")[0]
        lines = section.replace("127.0.0.1:8080", f"127.0.0.1:{program.port}").splitlines()
        name, password = re.search(r"sign in as `([^`]*)`\s+with `([^`]*)`", section).groups()
        browser.open(next(line for line in lines if line.startswith(f"{program.issuer}/auth/authorize?")))
        browser.sign_in({"login": name, "password": password})
        browser.arrives("Allow access to your account?")
        assert "Demo Shop" in browser.text and "Ann Lee" in browser.text
        browser.press("Allow")
        # Nothing listens at the application's place: the code is in the address bar.
        browser.wait(lambda: browser.driver.current_url.startswith("http://127.0.0.1:3000/callback?"))
        known = {"CODE": dict(urllib.parse.parse_qsl(browser.address.query))["code"]}
        answers = []
        for line in [line for line in lines if line.startswith("curl ")]:
            ended = subprocess.run(
                ["bash", "-c", line], env={**os.environ, **known}, cwd=tmp_path, capture_output=True, text=True,
                timeout=30)
            assert ended.returncode == 0, ended.stderr
            answers.append(json.loads(ended.stdout or "{}"))
            assert "error" not in answers[-1], (line, answers[-1])
            for variable, member in [("TOKEN", "access_token"), ("REFRESH", "refresh_token")]:
                known[variable] = answers[-1].get(member, known.get(variable, ""))
            program.secrets |= set(known.values())
        assert len(answers) == 4
        assert answers[0]["id_token"] and answers[1]["name"] == "Ann Lee" and answers[2]["access_token"]
        revoked = subprocess.run(
            ["bash", "-c", next(line for line in lines if "grant_type=refresh_token" in line)],
            env={**os.environ, **known}, capture_output=True, text=True, timeout=30)
        assert json.loads(revoked.stdout)["error"] == "invalid_grant", "the last command ended it"
    finally:
        program.secrets.discard("")
        program.stop()
