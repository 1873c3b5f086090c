# SPDX-License-Identifier: Apache-2.0
"""Another issuer that a server trusts, such as a company's identity provider."""

import time
import uuid

from joserfc import jwt
from joserfc.jwk import ECKey


class Issuer:
    ADDRESS = "https://idp.example"
    # What it calls a workload, and the user who is 'ann' at the server.
    WORKLOAD = "workload:reports:1"
    PERSON = "8f14e45f"
    ASSERTION = "oauth-id-jag+jwt"

    def __init__(self):
        self.key = ECKey.generate_key("P-256", {"kid": "idp-1"})

    def entry(self, **settings):
        """Its entry in the settings of 'jwt-bearer'."""
        subjects = [{"subject": "workload:reports:*", "as": "client"}, {"as": "user"}]
        keys = {"keys": [self.key.as_dict(private=False)]}
        return {"issuer": self.ADDRESS, "keys": keys, "algorithms": ["ES256"], "subjects": subjects, **settings}

    def sign(self, audience, subject=WORKLOAD, typ="JWT", key=None, **claims):
        now = int(time.time())
        header = {"alg": "ES256", "typ": typ, "kid": "idp-1"}
        own = {"iss": self.ADDRESS, "sub": subject, "aud": audience, "iat": now, "exp": now + 300, "jti": str(uuid.uuid4())}
        return jwt.encode(header, {**own, **claims}, key or self.key)
