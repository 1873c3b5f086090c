# SPDX-License-Identifier: Apache-2.0
"""Stock clients that sign assertions instead of sending a secret: requests-oauth2client and Authlib."""

import json

import pytest
from authlib.integrations.base_client.errors import OAuthError
from authlib.integrations.requests_client import OAuth2Session
from authlib.oauth2.rfc7523 import PrivateKeyJWT
from joserfc.jwk import RSAKey
from jwskate import Jwk
from requests_oauth2client import ClientSecretJwt, InvalidClient, PrivateKeyJwt

import signed
from machines import Machines

SECRET = "demo-secret-of-more-than-32-bytes"
KEYS = {alg: Jwk.generate(alg=alg).with_kid_thumbprint() for alg in ["ES256", "PS256", "EdDSA"]}
RSA = RSAKey.generate_key(2048)

PLUGINS = [
    "opaque-token", "client-credentials", "introspection", "revocation",
    {"plugin": "client-assertion", "settings": {"methods": ["private_key_jwt", "client_secret_jwt"]}},
]


def clients(application):
    """Clients that each authenticate in another way."""
    def client(name, **document):
        return {"id": name, "grant_types": ["client_credentials"], "scope": ["orders.read"], **document}

    published = {"jwks": {"keys": [RSA.as_dict(private=False)]}}
    return [
        *(client(alg, jwks={"keys": [key.public_jwk().to_dict()]}) for alg, key in KEYS.items()),
        client("fetched", jwks_uri=application.callback.replace("/callback", "/keys")),
        client("secret", secret=SECRET, token_endpoint_auth_method="client_secret_jwt"),
        client("strict", **published),
        client("older", **published, assertion_audience="token_endpoint"),
    ]


@pytest.fixture(scope="module")
def machines(application, tmp_path_factory):
    application.pages["/keys"] = json.dumps({"keys": [KEYS["ES256"].public_jwk().to_dict()]}).encode()
    program = Machines(tmp_path_factory.mktemp("machines"), PLUGINS, clients(application))
    program.secrets.add(SECRET)
    yield program
    program.stop()


def walk(client):
    """Gets a token, asks about it, and revokes it, each with an assertion of its own."""
    token = client.client_credentials(scope="orders.read")
    about = client.introspect_token(token.access_token)
    assert about["active"] and about["client_id"] == client.client_id and about["scope"] == "orders.read"
    assert client.revoke_access_token(token.access_token)
    assert client.introspect_token(token.access_token) == {"active": False}


@pytest.mark.parametrize("name, alg", [*((alg, alg) for alg in KEYS), ("fetched", "ES256")])
def test_private_key_jwt(machines, name, alg):
    assert alg in signed.metadata(machines)["token_endpoint_auth_signing_alg_values_supported"]
    walk(machines.connect(PrivateKeyJwt(name, KEYS[alg], aud=machines.issuer)))


def test_client_secret_jwt(machines):
    walk(machines.connect(ClientSecretJwt("secret", SECRET, aud=machines.issuer)))
    with pytest.raises(InvalidClient):
        machines.connect(ClientSecretJwt("secret", SECRET[::-1], aud=machines.issuer)).client_credentials()


def test_an_assertion_is_accepted_once(machines):
    client = machines.connect(PrivateKeyJwt("ES256", KEYS["ES256"], aud=machines.issuer, jti_gen=lambda: "once"))
    client.client_credentials()
    with pytest.raises(InvalidClient):
        client.client_credentials()


def test_the_called_url_as_the_audience_is_refused(machines):
    # What the library sends unless it is told the issuer.
    with pytest.raises(InvalidClient):
        machines.connect(PrivateKeyJwt("ES256", KEYS["ES256"])).client_credentials()


def older(program, name):
    """Authlib's session, which signs for the URL of the token endpoint."""
    session = OAuth2Session(name, RSA, token_endpoint_auth_method="private_key_jwt", scope="orders.read")
    session.verify = program.certificate
    endpoint = signed.metadata(program)["token_endpoint"]
    session.register_client_auth_method(PrivateKeyJWT(endpoint))
    return session.fetch_token(endpoint, grant_type="client_credentials")


def test_authlib_is_refused_and_the_log_names_the_attribute_that_accepts_it(machines):
    with pytest.raises(OAuthError, match="invalid_client"):
        older(machines, "strict")
    refusals = [line for line in machines.logs[-1].read_text().splitlines() if "'strict'" in line]
    assert len(refusals) == 1 and "set 'assertion_audience: token_endpoint' on it" in refusals[0], refusals
    assert older(machines, "older")["token_type"] == "Bearer"
