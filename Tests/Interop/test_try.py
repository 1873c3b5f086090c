# SPDX-License-Identifier: Apache-2.0
"""'grantor try' with a real browser: the response arrives in every way in which a flow delivers it."""

import subprocess

import pytest

from program import PATIENCE, PRODUCTS

WALKS = {
    "query": ["authorization_code", "--client", "native"],
    "fragment": ["implicit", "--client", "gallery", "--response-type", "id_token token"],
    "form_post": ["implicit", "--client", "gallery", "--with", "response_mode=form_post"],
}


@pytest.mark.parametrize("delivery", WALKS)
def test_a_walk_takes_the_answer_from_the_browser(site, browser, delivery):
    who = site.person()
    # Nothing can be pasted, so the response comes from the browser or not at all.
    walk = subprocess.Popen(
        [PRODUCTS / "grantor", "try", *WALKS[delivery]], cwd=site.folder, stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE, text=True)
    try:
        browser.open(next(line.strip() for line in walk.stdout if line.startswith(f"{site.issuer}/auth/authorize?")))
        browser.sign_in(who)
        browser.arrives("Allow access to your account?")
        browser.press("Allow")
        browser.wait(lambda: "You can go back to the terminal." in browser.driver.page_source)
        assert delivery == "query" or "access_token" not in browser.driver.current_url
        shown, _ = walk.communicate(timeout=PATIENCE)
        assert walk.returncode == 0 and f'"name": "{who["name"]}"' in shown, shown
    finally:
        walk.kill()
