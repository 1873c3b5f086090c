# SPDX-License-Identifier: Apache-2.0
"""The real program with its libraries, on a free loopback port."""

import contextlib
import json
import os
import pathlib
import random
import signal
import socket
import subprocess
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
PRODUCTS = pathlib.Path(os.environ.get("GRANTOR_PRODUCTS", ROOT / ".build/debug"))
PEOPLE = 80
DEMO = {"id": "ann", "login": "ann@example.com", "password": "demo-ann", "name": "Ann Lee"}

CLIENTS = """
clients:
  - id: backend
    name: Corner Bookshop
    secret: demo-backend-secret
    client_uri: https://books.example/
    policy_uri: https://books.example/privacy
    tos_uri: https://books.example/terms
    post_logout_redirect_uris: ["{place}/goodbye"]
    backchannel_logout_uri: "{place}/backchannel"
    grant_types: [authorization_code]
    scope: [openid, profile, email, address, phone, offline_access, "orders.read", "orders.write"]
    auth:
      authorization_code:
        redirect_uri: ["{callback}", "https://books.example/callback"]
        token_format: jwt
        audience: [https://orders.example]
        refresh_token: true
  - id: reference
    name: Library
    secret: demo-reference-secret
    id_token_signed_response_alg: ES256
    backchannel_logout_uri: "{place}/backchannel-es256"
    frontchannel_logout_uri: "{place}/frontchannel?kept=1"
    frontchannel_logout_session_required: true
    grant_types: [authorization_code]
    scope: [openid, profile, email, offline_access]
    auth:
      authorization_code: {{ redirect_uri: ["{callback}", "https://library.example/callback"], token_format: opaque, refresh_token: true }}
  - id: house
    name: House Account
    secret: demo-house-secret
    first_party: true
    grant_types: [authorization_code]
    scope: [openid, profile]
    auth:
      authorization_code: {{ redirect_uri: "{callback}" }}
  - id: native
    name: Reader for the desk
    grant_types: [authorization_code]
    scope: [openid, profile, offline_access]
    auth:
      authorization_code: {{ redirect_uri: ["http://127.0.0.1/native", "com.example.reader:/callback"], token_format: jwt, refresh_token: true }}
  - id: gallery
    name: Gallery
    grant_types: [implicit]
    scope: [openid, profile, "pictures.read"]
    auth: {{ implicit: {{ redirect_uri: ["https://gallery.example/callback", "{callback}"], token_format: jwt }} }}
  - id: mixed
    name: Mixed
    secret: demo-mixed-secret
    grant_types: [implicit, authorization_code]
    scope: [openid, profile]
    redirect_uri: "https://mixed.example/callback"
  - id: phone
    name: Notes
    grant_types: [password]
    scope: [openid, profile, email]
    auth: {{ password: {{ refresh_token: true, secret_required: false }} }}
  - id: tv
    name: Living Room
    grant_types: [device_code]
    scope: [openid, profile, offline_access]
    auth: {{ device_code: {{ token_format: jwt, refresh_token: true }} }}
  - id: printer
    name: Office Printer
    secret: demo-printer-secret
    grant_types: [device_code]
    scope: [openid, profile, "orders.read"]
    auth: {{ device_code: {{ token_format: jwt, audience: [https://orders.example] }} }}
  - id: desk
    secret: demo-desk-secret
    grant_types: [password]
    scope: [profile]
"""

PLUGINS = """
plugins:
  - plugin: sqlite-store
    settings: { path: var/grantor.db }
  - jwt-token
  - opaque-token
  - authorization-code
  - device-authorization
  - password-login
  - openid
  - implicit
  - password
  - refresh-token
  - introspection
  - revocation
  - logout
  - sessions-api
default_token_format: opaque
"""


# How many seconds to wait for something that must happen: a limit on hangs, not a promise about speed.
PATIENCE = 240


def free_port():
    """A port that stays free, since it is below the range from which the system assigns ports."""
    for port in random.sample(range(20_000, 30_000), 1000):
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port
    raise AssertionError("no port is free")


class Program:
    """Serves an issuer with the listener's own port, as clients that read the metadata need it."""

    def __init__(self, folder, callback, secure):
        self.folder = pathlib.Path(folder)
        self.callback = callback
        self.port = free_port()
        self.issuer = f"{'https' if secure else 'http'}://127.0.0.1:{self.port}"
        self.certificate = self.certify() if secure else None
        self.secrets = {"demo-backend-secret", "demo-reference-secret", "demo-house-secret", "demo-mixed-secret", "demo-desk-secret",
                        "demo-printer-secret"}
        self.people = 0
        (self.folder / "config.yaml").write_text(self.configuration())
        self.logs = []
        self.start()

    def configuration(self):
        tls = f", tls: {{ certificate: {self.certificate}, key: {self.folder}/key.pem }}" if self.certificate else ""
        people = [DEMO] + [self.describe(number) for number in range(PEOPLE)]
        users = [
            {
                "id": who["id"], "email": who["login"], "password": who["password"],
                "data": {
                    "name": who["name"], "given_name": who["name"].split()[0], "email_verified": True,
                    "phone_number": "+1 202 555 0100", "address": {"locality": "Bern", "country": "CH"},
                },
            }
            for who in people
        ]
        return (
            f"issuer: {self.issuer}\nlisten: {{ host: 127.0.0.1, port: {self.port}{tls} }}\n" + PLUGINS
            + CLIENTS.format(callback=self.callback, place=self.callback.removesuffix("/callback")) + "users: " + json.dumps(users) + "\n"
        )

    def certify(self):
        certificate = self.folder / "certificate.pem"
        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
             "-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", self.folder / "key.pem",
             "-out", certificate],
            check=True, capture_output=True)
        return str(certificate)

    @staticmethod
    def describe(number):
        return {
            "id": f"person-{number}", "login": f"person-{number}@example.com", "password": f"demo-open-sesame-{number}",
            "name": f"Robin Test {number}",
        }

    def person(self):
        """A new user, so that no test sees the sessions, consents and sign-in attempts of another."""
        number, self.people = self.people, self.people + 1
        assert number < PEOPLE, "more people are needed"
        who = self.describe(number)
        self.secrets.add(who["password"])
        return who

    def brand(self, sections):
        """Serves pages with what a deployment sets, from the next request on."""
        (self.folder / "logo.svg").write_text(
            '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32" width="32" height="32">'
            '<circle cx="16" cy="16" r="15" fill="#c33"/><path d="M16 8v16M8 16h16" stroke="#fff" stroke-width="5"/></svg>')
        before = self.logs[-1].read_text().count("the configuration was reloaded")
        (self.folder / "config.yaml").write_text(self.configuration() + sections)
        self.process.send_signal(signal.SIGHUP)
        end = time.monotonic() + PATIENCE
        while self.logs[-1].read_text().count("the configuration was reloaded") == before:
            assert time.monotonic() < end, self.logs[-1].read_text()
            time.sleep(0.05)

    def stored_person(self):
        """Creates a user in the store, whose password can be changed."""
        number, self.people = self.people, self.people + 1
        who = {"login": f"stored-{number}", "password": f"demo-stored-{number}"}
        self.secrets.add(who["password"])
        subprocess.run(
            [str(PRODUCTS / "grantor"), "users", "add", who["login"], "--password-file", "-"], cwd=self.folder,
            input=who["password"], text=True, check=True, capture_output=True)
        return who

    def start(self, later=None):
        """Starts the program, optionally with a clock that is ahead."""
        command, environment = [str(PRODUCTS / "grantor"), "serve"], dict(os.environ)
        if later:
            library = next(pathlib.Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1"))
            # Waiting still takes real seconds. The library changes the environment of the first process that loads it,
            # after which a Swift program no longer finds its arguments, so the first process is a shell.
            environment |= {"LD_PRELOAD": str(library), "FAKETIME": later, "FAKETIME_DONT_FAKE_MONOTONIC": "1"}
            command = ["sh", "-c", 'exec "$0" "$@"', *command]
        number = len(self.logs)
        output, log = self.folder / f"serve-{number}.out", self.folder / f"serve-{number}.err"
        self.logs.append(log)
        with output.open("w") as out, log.open("w") as err:
            self.process = subprocess.Popen(
                command, cwd=self.folder, stdout=out, stderr=err, stdin=subprocess.DEVNULL, env=environment)
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            if "listening " in output.read_text():
                return
            if self.process.poll() is not None:
                break
            time.sleep(0.01)
        self.process.kill()
        raise AssertionError(f"the program did not start: {log.read_text()}")

    def stop(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        assert self.process.wait(timeout=PATIENCE) == 0, self.logs[-1].read_text()
        for log in self.logs:
            text = log.read_text()
            assert not [secret for secret in self.secrets if secret in text], "a secret is in the log"

    def restart(self, later=None):
        self.stop()
        self.start(later)
