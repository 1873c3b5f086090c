# SPDX-License-Identifier: Apache-2.0
"""Responses in the browser (implicit and hybrid flows) and the password grant, with stock clients."""

import urllib.parse

import pytest
from authlib.common.security import generate_token
from authlib.integrations.base_client.errors import OAuthError
from authlib.integrations.requests_client import OAuth2Session as Authlib
from authlib.oauth2.rfc6749.errors import MissingTokenException
from authlib.oauth2.rfc7636 import create_s256_code_challenge
from authlib.oidc.core import HybridIDToken, ImplicitIDToken
from oauthlib.oauth2 import InvalidGrantError, LegacyApplicationClient, MobileApplicationClient
from requests.auth import HTTPBasicAuth
from requests_oauthlib import OAuth2Session

import signed
from person import Person

GALLERY, MIXED = "https://gallery.example/callback", "https://mixed.example/callback"


def fragment(address):
    parts = urllib.parse.urlsplit(address)
    assert not parts.query, "nothing of it is in the query"
    return dict(urllib.parse.parse_qsl(parts.fragment))


def validate(kind, server, members, client, nonce):
    token = signed.verify(server, members["id_token"], ["RS256"])
    kind(
        token.claims, token.header, {"iss": {"value": server.issuer}, "aud": {"value": client}},
        {"nonce": nonce, "client_id": client, "access_token": members.get("access_token"), "code": members.get("code")},
    ).validate()
    return token.claims


@pytest.mark.parametrize("kind", ["token", "token id_token"])
def test_authlib_takes_an_implicit_answer(server, kind):
    metadata, nonce, person = signed.discovery(server), generate_token(20), Person(server)
    app = Authlib("gallery", scope="openid profile", redirect_uri=GALLERY)
    app.verify = server.certificate
    address, state = app.create_authorization_url(
        metadata["authorization_endpoint"], response_type=kind, nonce=nonce)
    answer = person.allow(address)
    tokens = app.fetch_token(authorization_response=answer, state=state)
    assert tokens["token_type"] == "Bearer" and "refresh_token" not in tokens
    members = fragment(answer)
    assert members["iss"] == server.issuer
    server.secrets |= {members["access_token"]}
    if "id_token" in kind:
        claims = validate(ImplicitIDToken, server, members, "gallery", nonce)
        assert claims["sub"] == person.who["id"]
    signed.verify_access(server, members["access_token"], "gallery", server.issuer, ["openid", "profile"])
    about = app.get(metadata["userinfo_endpoint"]).json()
    assert about["name"] == person.who["name"]


def test_requests_oauthlib_takes_an_implicit_answer(server):
    metadata, person = signed.discovery(server), Person(server)
    app = OAuth2Session(
        client=MobileApplicationClient("gallery"), redirect_uri=GALLERY, scope=["openid", "profile"])
    app.verify = server.certificate
    address, _ = app.authorization_url(metadata["authorization_endpoint"], nonce="once")
    tokens = app.token_from_fragment(person.allow(address))
    server.secrets |= {tokens["access_token"]}
    assert app.get(metadata["userinfo_endpoint"]).json()["sub"] == person.who["id"]


def test_an_implicit_error_stands_in_the_fragment(server):
    metadata, person = signed.discovery(server), Person(server)
    app = Authlib("gallery", scope="openid profile", redirect_uri=GALLERY)
    address, state = app.create_authorization_url(metadata["authorization_endpoint"], response_type="token")
    answer = person.press(person.sign_in(person.open(address)), "Deny")
    members = fragment(answer)
    assert members["error"] == "access_denied" and members["state"] == state
    with pytest.raises(MissingTokenException):
        app.fetch_token(authorization_response=answer, state=state)


@pytest.mark.parametrize("kind", ["code id_token", "code token", "code id_token token"])
def test_authlib_takes_a_hybrid_answer(server, kind):
    metadata, nonce, verifier = signed.discovery(server), generate_token(20), generate_token(48)
    person = Person(server)
    app = Authlib(
        "mixed", "demo-mixed-secret", scope="openid profile", redirect_uri=MIXED)
    app.verify = server.certificate
    address, state = app.create_authorization_url(
        metadata["authorization_endpoint"], response_type=kind, nonce=nonce,
        code_challenge=create_s256_code_challenge(verifier), code_challenge_method="S256")
    members = fragment(person.allow(address))
    assert members["state"] == state
    if "id_token" in kind:
        claims = validate(HybridIDToken, server, members, "mixed", nonce)
        assert claims["c_hash"] and ("at_hash" in claims) == ("access_token" in members)
    tokens = app.fetch_token(
        metadata["token_endpoint"], code=members["code"], code_verifier=verifier, grant_type="authorization_code")
    server.secrets |= {tokens["access_token"], members["code"]}
    signed.verify_identity(server, tokens, "mixed", nonce, members["code"])
    assert app.get(metadata["userinfo_endpoint"]).json()["sub"] == person.who["id"]


def test_authlib_signs_a_person_in_with_a_password(server):
    metadata, who = signed.discovery(server), server.person()
    app = Authlib("phone", scope="openid profile", token_endpoint_auth_method="none")
    app.verify = server.certificate
    tokens = app.fetch_token(metadata["token_endpoint"], username=who["login"], password=who["password"])
    server.secrets |= {tokens["access_token"], tokens["refresh_token"]}
    claims = signed.verify(server, tokens["id_token"], ["RS256"]).claims
    assert claims["sub"] == who["id"] and "nonce" not in claims
    assert app.get(metadata["userinfo_endpoint"]).json()["name"] == who["name"]
    renewed = app.refresh_token(metadata["token_endpoint"], tokens["refresh_token"])
    assert renewed["refresh_token"] != tokens["refresh_token"]
    with pytest.raises(OAuthError, match="invalid_grant"):
        app.fetch_token(metadata["token_endpoint"], username=who["login"], password="not this one")


def test_requests_oauthlib_signs_a_person_in_with_a_password(server):
    metadata, who = signed.discovery(server), server.person()
    app = OAuth2Session(client=LegacyApplicationClient("desk"), scope=["profile"])
    app.verify = server.certificate
    basic = HTTPBasicAuth("desk", "demo-desk-secret")
    tokens = app.fetch_token(
        metadata["token_endpoint"], username=who["login"], password=who["password"], auth=basic)
    server.secrets |= {tokens["access_token"]}
    assert "refresh_token" not in tokens
    with pytest.raises(InvalidGrantError):
        app.fetch_token(metadata["token_endpoint"], username=who["login"], password="not this one", auth=basic)
