# SPDX-License-Identifier: Apache-2.0
"""Client assertions (RFC 7523), which are accepted once."""

import base64
import json
import subprocess
import time


def encode(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


class Signer:
    """An RSA key in a file."""

    # How many seconds an assertion is good for.
    lifetime = 300

    def __init__(self, folder):
        self.file = folder / "robot.pem"
        subprocess.run(["openssl", "genrsa", "-out", self.file, "2048"], check=True, capture_output=True)
        shown = subprocess.run(["openssl", "rsa", "-in", self.file, "-noout", "-modulus"], check=True, capture_output=True, text=True)
        modulus = bytes.fromhex(shown.stdout.strip().split("=")[1])
        self.keys = {"keys": [{"kty": "RSA", "kid": "robot", "alg": "RS256", "use": "sig", "n": encode(modulus), "e": "AQAB"}]}

    def assertion(self, number):
        now = int(time.time())
        claims = {"iss": "robot", "sub": "robot", "aud": "http://127.0.0.1:8080", "jti": number, "iat": now, "exp": now + self.lifetime}
        text = ".".join(encode(json.dumps(part).encode()) for part in ({"alg": "RS256", "kid": "robot"}, claims))
        signed = subprocess.run(
            ["openssl", "dgst", "-sha256", "-sign", self.file], input=text.encode(), check=True, capture_output=True)
        return f"{text}.{encode(signed.stdout)}"
