# SPDX-License-Identifier: Apache-2.0
"""Stock clients of the device flow: requests-oauth2client, and oidc-agent in a shell."""

import os
import re
import shutil
import subprocess
import time

import pytest
import requests
from requests_oauth2client import (
    AccessDenied, AuthorizationPending, DeviceAuthorizationPollingJob, InvalidGrant, InvalidScope, OAuth2Client, SlowDown)

import signed
from person import Person
from program import PATIENCE

CONSENT = "Allow access to your account?"


def connect(program, **credentials):
    session = requests.Session()
    session.verify = program.certificate or True
    # The library does not read this endpoint from the metadata.
    endpoint = signed.discovery(program)["device_authorization_endpoint"]
    return OAuth2Client.from_discovery_endpoint(
        issuer=program.issuer, session=session, device_authorization_endpoint=endpoint, **credentials)


def answer(program, address, code, button="Allow"):
    """Opens the link that the device shows, presses Continue, signs in and decides."""
    person = Person(program)
    page = person.press(person.open(address), "Continue")
    page = person.sign_in(page)
    assert page.title == CONSENT and code in page.text, page.text
    return person, person.press(page, button)


def wait(job):
    """Polls until there is a token; the job sleeps between its polls."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        if token := job():
            return token
    raise AssertionError("the device got no token")


def test_a_public_client(server):
    client = connect(server, client_id="tv")
    codes = client.authorize_device(scope="openid profile offline_access")
    assert codes.interval == 5 and not codes.is_expired() and codes.is_expired(leeway=-601)
    job = DeviceAuthorizationPollingJob(client, codes)
    assert job() is None, "nobody has decided yet"
    person, page = answer(server, codes.verification_uri_complete, codes.user_code)
    assert page.title == "Your device is connected"
    token = wait(job)
    userinfo = requests.get(
        signed.discovery(server)["userinfo_endpoint"], headers={"Authorization": f"Bearer {token.access_token}"},
        verify=server.certificate, timeout=PATIENCE)
    assert userinfo.json()["name"] == person.who["name"]
    renewed = client.refresh_token(token.refresh_token)
    assert renewed.refresh_token != token.refresh_token
    with pytest.raises(InvalidGrant):
        time.sleep(5)
        client.device_code(codes.device_code)


def test_a_client_with_a_secret(server):
    client = connect(server, client_id="printer", client_secret="demo-printer-secret")
    codes = client.authorize_device(scope="openid orders.read")
    _, page = answer(server, codes.verification_uri_complete, codes.user_code)
    assert page.title == "Your device is connected"
    token = client.device_code(codes)
    claims = signed.verify(server, token.access_token, ["ES256"]).claims
    assert claims["client_id"] == "printer" and claims["scope"] == "openid orders.read"


def test_a_user_who_says_no(server):
    client = connect(server, client_id="tv")
    codes = client.authorize_device(scope="openid")
    _, page = answer(server, codes.verification_uri_complete, codes.user_code, "Deny")
    assert page.title == "Access denied"
    with pytest.raises(AccessDenied):
        client.device_code(codes)


def test_a_client_that_polls_too_often(server):
    client = connect(server, client_id="tv")
    codes = client.authorize_device(scope="openid")
    with pytest.raises(AuthorizationPending):
        client.device_code(codes)
    with pytest.raises(SlowDown):
        client.device_code(codes)
    job = DeviceAuthorizationPollingJob(client, codes, interval=10)
    answer(server, codes.verification_uri_complete, codes.user_code)
    assert wait(job).access_token and job.interval == 10


def test_a_scope_that_the_client_may_not_have(server):
    with pytest.raises(InvalidScope):
        connect(server, client_id="tv").authorize_device(scope="openid orders.write")


def test_a_code_that_a_user_types(server, browser):
    codes = connect(server, client_id="tv").authorize_device(scope="openid")
    browser.open(codes.verification_uri)
    browser.arrives("Connect a device")
    browser.type(user_code=codes.user_code.lower().replace("-", " "))
    browser.press("Continue")
    browser.sign_in(server.person())
    browser.arrives(CONSENT)
    assert "The request came from the address 127.0.0.1, less than a minute ago." in browser.text
    browser.press("Allow")
    browser.arrives("Your device is connected")
    assert not browser.complaints()


def test_the_image_for_a_device(server, browser):
    codes = connect(server, client_id="tv").authorize_device(scope="openid")
    image = f"{codes.verification_uri}/qr?user_code={codes.user_code}"
    # On a page of the server, because browsers keep other pages from loading images of this machine.
    browser.open(codes.verification_uri)
    browser.driver.execute_script("document.body.append(Object.assign(new Image(300), {id: 'qr', src: arguments[0]}))", image)
    browser.wait(lambda: browser.driver.execute_script("return document.getElementById('qr').complete"))
    assert browser.driver.execute_script("return document.getElementById('qr').naturalWidth") > 0
    browser.picture("device-qr")


@pytest.mark.skipif(not shutil.which("oidc-gen"), reason="oidc-agent is not installed")
@pytest.mark.parametrize("secure", [True, False], ids=["https", "http"])
def test_oidc_agent(server, site, tmp_path, secure):
    program = server if secure else site
    (tmp_path / ".oidc-agent").mkdir()
    environment = {"HOME": str(tmp_path), "TMPDIR": str(tmp_path), "PATH": os.environ["PATH"], "SEAL": "a password"}
    started = subprocess.run(["oidc-agent"], env=environment, text=True, capture_output=True, check=True, timeout=PATIENCE)
    environment |= dict(re.findall(r"(OIDC\w+)=([^;]+);", started.stdout))
    command = [
        "oidc-gen", "-m", "--flow=device", f"--issuer={program.issuer}", "--client-id=tv", "--client-secret=",
        "--scope=openid profile offline_access", "--pw-env=SEAL", "--prompt=none", "--confirm-yes", "--no-url-call", "tv"]
    if secure:
        command.append(f"--cp={program.certificate}")
    try:
        with subprocess.Popen(
                ["stdbuf", "-oL", *command], env=environment, text=True, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT) as generator:
            said = ""
            while not (shown := re.search(r"[B-DF-HJ-NP-TV-XZ]{4}-[B-DF-HJ-NP-TV-XZ]{4}", said)):
                line = generator.stdout.readline()
                assert line, said
                said += line
            _, page = answer(program, f"{program.issuer}/auth/device?user_code={shown[0]}", shown[0])
            assert page.title == "Your device is connected"
            rest, _ = generator.communicate(timeout=PATIENCE)
            assert generator.returncode == 0, said + rest
        token = subprocess.run(["oidc-token", "tv"], env=environment, text=True, capture_output=True, check=True, timeout=PATIENCE)
        assert signed.verify(program, token.stdout.strip(), ["ES256"]).claims["client_id"] == "tv"
    finally:
        subprocess.run(["oidc-agent", "-k"], env=environment, capture_output=True, check=False, timeout=PATIENCE)
