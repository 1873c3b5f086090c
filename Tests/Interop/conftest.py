# SPDX-License-Identifier: Apache-2.0
import os

import pytest

from application import Application
from browser import Browser
from program import Program

# A machine's settings for certificates and proxies would override those of the clients here.
for name in ["REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"]:
    os.environ.pop(name, None)
os.environ["NO_PROXY"] = os.environ["no_proxy"] = "127.0.0.1"


@pytest.fixture(scope="session")
def application():
    application = Application()
    yield application
    application.stop()


@pytest.fixture(autouse=True)
def unanswered(application):
    application.forget()


# One program for each file, since the server accepts only a hundred sign-ins an hour from one address.
@pytest.fixture(scope="module")
def server(application, tmp_path_factory):
    """The program over https, as stock clients require it."""
    program = Program(tmp_path_factory.mktemp("https"), application.callback, secure=True)
    yield program
    program.stop()


@pytest.fixture(scope="module")
def site(application, tmp_path_factory):
    """The program over http, as a new user runs it on their own machine."""
    program = Program(tmp_path_factory.mktemp("http"), application.callback, secure=False)
    yield program
    program.stop()


@pytest.fixture(scope="session")
def window():
    browser = Browser()
    yield browser
    browser.end()


@pytest.fixture
def browser(window):
    window.fresh()
    return window


@pytest.fixture(scope="session")
def window_without_scripts():
    browser = Browser(scripts=False)
    yield browser
    browser.end()


@pytest.fixture
def still_browser(window_without_scripts):
    window_without_scripts.fresh()
    return window_without_scripts
