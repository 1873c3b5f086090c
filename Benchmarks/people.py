# SPDX-License-Identifier: Apache-2.0
"""Users with passwords, and their browsers."""
import base64, ctypes, functools, http.client, re, urllib.parse

password = "a password of the bench"
# The cost of a password: 19 MiB, two passes, one lane.
memory, passes = 19456, 2
callback = "http://127.0.0.1:9/callback"
verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"


def authorization(client="app", scope="openid profile email"):
    """The path of an authorization request."""
    return "/auth/authorize?" + urllib.parse.urlencode({
        "response_type": "code", "client_id": client, "redirect_uri": callback, "scope": scope, "state": "af0ifjsldkj",
        "nonce": "n-0S6_WzA2Mj", "code_challenge_method": "S256",
        "code_challenge": "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"})


@functools.cache
def argon2():
    library = ctypes.CDLL("libargon2.so.1")
    number, size, text = ctypes.c_uint32, ctypes.c_size_t, ctypes.c_char_p
    library.argon2id_hash_raw.argtypes = [number, number, number, text, size, text, size, text, size]
    return library


def derive(text):
    out = ctypes.create_string_buffer(32)
    status = argon2().argon2id_hash_raw(passes, memory, 1, text, len(text), b"0123456789abcdef", 16, out, 32)
    if status != 0:
        raise SystemExit(f"Argon2id failed: {status}")
    return out.raw


@functools.cache
def hashed():
    plain = lambda data: base64.b64encode(data).decode().rstrip("=")
    return f"$argon2id$v=19$m={memory},t={passes},p=1${plain(b'0123456789abcdef')}${plain(derive(password.encode()))}"


class Browser:
    """One user at one address, who signs in again each time."""

    def __init__(self, port, number=0):
        self.http = http.client.HTTPConnection("127.0.0.1", port)
        self.number, self.cookies = number, {}

    @property
    def cookie(self):
        return "; ".join(f"{name}={value}" for name, value in self.cookies.items())

    def send(self, method, path, form=None):
        headers = {"X-Forwarded-For": f"10.0.{self.number // 250}.{self.number % 250 + 1}"}
        if self.cookies:
            headers["Cookie"] = self.cookie
        if form:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        self.http.request(method, path, urllib.parse.urlencode(form) if form else None, headers)
        answer = self.http.getresponse()
        body = answer.read().decode()
        for name, value in answer.getheaders():
            if name.lower() == "set-cookie":
                key, text = value.split(";")[0].split("=", 1)
                self.cookies[key] = text
        return answer, body

    def sign_in(self):
        self.cookies = {}
        _, page = self.send("GET", authorization())
        hidden = dict(re.findall(r'<input type="hidden" name="([^"]*)" value="([^"]*)">', page))
        answer, body = self.send(
            "POST", "/auth/interaction", {**hidden, "username": f"p{self.number}", "password": password})
        if "code=" not in (answer.getheader("location") or ""):
            raise SystemExit(f"the sign-in failed: {answer.status} {body}")
        return self
