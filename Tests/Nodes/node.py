# SPDX-License-Identifier: Apache-2.0
"""One of several servers on a database: the real program with its libraries."""

import http.client
import json
import os
import re
import signal
import socket
import subprocess
import time
import urllib.parse

CONFIGURATION = """
issuer: http://127.0.0.1:8080
listen: {{ host: 127.0.0.1, port: {port} }}
log: {{ level: notice, format: json }}
plugins:
  - plugin: postgres-store
    settings: {{ url: "{url}", pool: 4, statement_timeout: 2s }}
  - opaque-token
  - client-credentials
  - client-assertion
  - authorization-code
  - password-login
  - introspection
  - revocation
  - plugin: refresh-token
    settings: {{ grace: 0s }}
clients:
  - id: service
    secret: demo-service-secret
    grant_types: [client_credentials]
    scope: [read]
    auth: {{ client_credentials: {{ refresh_token: true }} }}
  - id: robot
    jwks: {keys}
    grant_types: [client_credentials]
  - id: app
    secret: demo-app-secret
    first_party: true
    grant_types: [authorization_code]
    scope: [read]
    auth: {{ authorization_code: {{ redirect_uri: "http://127.0.0.1:9/cb", pkce: false }} }}
users:
  - {{ id: ann, password: demo-ann }}
"""


class Answer:
    """A response; status 0 if there was none, so that nobody knows what the server did."""

    def __init__(self, status=0, headers=(), body=b""):
        self.status = status
        self.headers = [(name.lower(), value) for name, value in headers]
        self.body = body

    def header(self, name):
        return next((value for key, value in self.headers if key == name), None)

    def __getitem__(self, member):
        try:
            return json.loads(self.body).get(member)
        except (ValueError, AttributeError):
            return None


def free_port():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


class Node:
    """A server process on a port of its own, which is the same after each start."""

    def __init__(self, number, folder, products, url, keys):
        self.number, self.folder, self.products = number, folder, products
        self.port = free_port()
        self.process = None
        folder.mkdir()
        text = CONFIGURATION.format(port=self.port, url=url, keys=json.dumps(keys))
        (folder / "config.yaml").write_text(text, encoding="utf-8")
        (folder / "config.yaml").chmod(0o600)
        self.log = folder / "log"

    def spawn(self):
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(
                ["setpriv", "--pdeathsig=KILL", "--", self.products / "grantor", "serve"], cwd=self.folder, stdout=log, stderr=log, stdin=subprocess.DEVNULL)

    def start(self):
        """Starts the program and waits until it is ready."""
        self.spawn()
        if not self.becomes_ready(60):
            raise SystemExit(f"node {self.number} did not become ready: see {self.log}")

    def becomes_ready(self, seconds):
        """Waits; a program that ended since its database was away is started again, as systemd would do."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if self.process.poll() is not None:
                self.spawn()
            if self.request("GET", "/health/ready").status == 200:
                return True
            time.sleep(0.1)
        return False

    def kill(self):
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def stop(self):
        if self.process and self.process.poll() is None:
            self.process.terminate()
            self.process.wait()

    def request(self, method, path, form=None, headers=None):
        """Sends a request over a connection of its own."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        headers = dict(headers or {})
        body = None
        if form is not None:
            body = urllib.parse.urlencode(form)
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        try:
            connection.request(method, path, body, headers)
            response = connection.getresponse()
            return Answer(response.status, response.getheaders(), response.read())
        except (OSError, http.client.HTTPException):
            return Answer()
        finally:
            connection.close()

    def token(self, form, client=None):
        return self.request("POST", "/auth/token", form, basic(client))


def basic(client):
    if not client:
        return {}
    import base64
    return {"Authorization": "Basic " + base64.b64encode(f"{client}:demo-{client}-secret".encode()).decode()}


class Browser:
    """A browser of a user, whose session is known to every node."""

    authorize = "/auth/authorize?response_type=code&client_id=app"

    def __init__(self):
        self.cookies = {}

    def send(self, node, method, path, form=None):
        headers = {"Cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items())} if self.cookies else {}
        answer = node.request(method, path, form, headers)
        for name, value in answer.headers:
            if name == "set-cookie":
                pair = value.split(";")[0].split("=", 1)
                self.cookies[pair[0]] = pair[1]
        return answer

    def sign_in(self, first, second):
        """Begins at one node and ends at another one."""
        page = self.send(first, "GET", self.authorize)
        while page.status == 303 and (page.header("location") or "").startswith("/"):
            page = self.send(first, "GET", page.header("location"))
        if page.status == 503:
            return page
        hidden = dict(re.findall(r'<input type="hidden" name="([^"]*)" value="([^"]*)">', page.body.decode().split("<form ")[-1]))
        return self.send(second, "POST", "/auth/interaction", {**hidden, "username": "ann", "password": "demo-ann"})

    def code(self, node):
        """A code, by the session alone; nil if the server is away."""
        answer = self.send(node, "GET", self.authorize)
        found = re.search(r"[?&]code=([^&]*)", answer.header("location") or "")
        return answer, urllib.parse.unquote(found.group(1)) if found else None
