# SPDX-License-Identifier: Apache-2.0
"""Verifies what the server has signed, using only what it publishes."""

import base64
import hashlib
import json
import time

import requests
from joserfc import jws, jwt
from joserfc.jwk import KeySet

from program import PATIENCE

HASHES = {"256": hashlib.sha256, "384": hashlib.sha384, "512": hashlib.sha512}


def get(program, address):
    response = requests.get(address, verify=program.certificate or True, timeout=PATIENCE)
    response.raise_for_status()
    return response


def discovery(program):
    return get(program, f"{program.issuer}/.well-known/openid-configuration").json()


def metadata(program):
    """The metadata of any server (RFC 8414); 'discovery' is only there with OpenID Connect."""
    return get(program, f"{program.issuer}/.well-known/oauth-authorization-server").json()


def keys(program):
    return KeySet.import_key_set(get(program, metadata(program)["jwks_uri"]).json())


def verify(program, token, algorithms):
    """The token, verified with the key that its header names."""
    header = jws.extract_compact(token.encode()).headers()
    published = keys(program)
    named = [key for key in published.keys if key.kid == header["kid"]]
    assert len(named) == 1, "the header names one published key"
    assert named[0].get("use") == "sig" and not named[0].is_private
    assert named[0].thumbprint() == header["kid"], "RFC 7638"
    return jwt.decode(token, named[0], algorithms=algorithms)


def claims(token):
    """The claims of a token that nobody has verified."""
    return json.loads(jws.extract_compact(token.encode()).payload)


def half_hash(text, algorithm):
    """The left half of a hash in base64url (OpenID Connect Core section 3.1.3.6)."""
    digest = HASHES[algorithm[-3:]](text.encode()).digest()
    return base64.urlsafe_b64encode(digest[: len(digest) // 2]).rstrip(b"=").decode()


def verify_identity(program, tokens, client, nonce=None, code=None):
    """Validates an ID token (OpenID Connect Core section 3.1.3.7) and returns its claims."""
    known = discovery(program)["id_token_signing_alg_values_supported"]
    assert "none" not in known
    token = verify(program, tokens["id_token"], known)
    claims, algorithm, now = token.claims, token.header["alg"], time.time()
    assert claims["iss"] == program.issuer and claims["aud"] == client
    assert claims["iat"] <= now + 1 and now < claims["exp"] <= now + 3600
    assert claims.get("nonce") == nonce
    assert claims["at_hash"] == half_hash(tokens["access_token"], algorithm)
    if "c_hash" in claims:
        assert claims["c_hash"] == half_hash(code, algorithm)
    assert claims["amr"] == ["pwd"] and claims["sid"]
    assert now - 120 < claims["auth_time"] <= claims["iat"]
    return claims


def verify_access(program, token, client, audience, scope):
    """Validates an access token (RFC 9068 sections 2 and 4) and returns its claims."""
    verified = verify(program, token, ["ES256", "RS256", "PS256", "ES384", "EdDSA"])
    claims, now = verified.claims, time.time()
    assert verified.header["typ"] == "at+jwt"
    assert {"iss", "exp", "aud", "sub", "client_id", "iat", "jti"} <= claims.keys()
    assert claims["iss"] == program.issuer and claims["client_id"] == client
    # If the scope includes userinfo, the server is an audience as well as the API.
    also = [program.issuer] if "openid" in scope and audience != program.issuer else []
    told = claims["aud"] if isinstance(claims["aud"], list) else [claims["aud"]]
    assert told == [audience, *also] and claims["iat"] <= now + 1 < claims["exp"]
    assert set(claims["scope"].split()) == set(scope)
    return claims
