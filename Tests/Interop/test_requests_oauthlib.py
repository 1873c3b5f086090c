# SPDX-License-Identifier: Apache-2.0
"""requests-oauthlib as a stock client: it requires https everywhere, and warns if the scope differs from the request."""

import json

import pytest
from oauthlib.oauth2 import InvalidGrantError, WebApplicationClient
from requests.auth import HTTPBasicAuth
from requests_oauthlib import OAuth2Session

import signed
from person import Person

SCOPE = ["openid", "profile", "email", "offline_access"]


class Client:
    def __init__(self, program, application, client, secret, scope=None):
        self.program = program
        self.metadata = signed.discovery(program)
        self.id, self.secret = client, secret
        callback = {
            "backend": "https://books.example/callback", "reference": "https://library.example/callback",
            "native": application.callback.replace("/callback", "/native"),
        }[client]
        self.session = OAuth2Session(client, redirect_uri=callback, scope=scope or SCOPE, pkce="S256")
        self.session.verify = program.certificate

    def link(self):
        return self.session.authorization_url(self.metadata["authorization_endpoint"], nonce="once")[0]

    def take(self, answer, **how):
        return self.session.fetch_token(self.metadata["token_endpoint"], authorization_response=answer, **how)

    def revoke(self, token, hint, **how):
        address, headers, body = WebApplicationClient(self.id).prepare_token_revocation_request(
            self.metadata["revocation_endpoint"], token, hint)
        if not self.secret:
            body += f"&client_id={self.id}"
        return self.session.post(address, data=body, headers=headers, withhold_token=True, **how)


def walk(app, person, take, authenticated):
    tokens = app.take(person.allow(app.link()), **take)
    claims = signed.verify_identity(app.program, tokens, app.id, "once")
    assert claims["sub"] == person.who["id"]
    assert app.session.get(app.metadata["userinfo_endpoint"]).json()["name"] == person.who["name"]

    renewed = app.session.refresh_token(app.metadata["token_endpoint"], **authenticated)
    assert renewed["refresh_token"] != tokens["refresh_token"]
    assert app.session.get(app.metadata["userinfo_endpoint"]).status_code == 200
    return renewed


def test_client_secret_basic(server, application):
    app, person = Client(server, application, "backend", "demo-backend-secret"), Person(server)
    basic = HTTPBasicAuth("backend", "demo-backend-secret")
    tokens = walk(app, person, {"client_secret": "demo-backend-secret"}, {"auth": basic})
    assert app.revoke(tokens["refresh_token"], "refresh_token", auth=basic).status_code == 200
    with pytest.raises(InvalidGrantError):
        app.session.refresh_token(app.metadata["token_endpoint"], auth=basic)


def test_client_secret_post(server, application):
    app, person = Client(server, application, "reference", "demo-reference-secret"), Person(server)
    secret = {"client_id": "reference", "client_secret": "demo-reference-secret"}
    walk(app, person, {"client_secret": secret["client_secret"], "include_client_id": True, "auth": False}, secret)
    with pytest.raises(InvalidGrantError):
        app.session.refresh_token(
            app.metadata["token_endpoint"], refresh_token=json.dumps("not one of this server"), **secret)


def test_a_public_client(server, application, monkeypatch):
    # For the redirect to the same machine, as oauthlib's documentation says.
    monkeypatch.setenv("OAUTHLIB_INSECURE_TRANSPORT", "1")
    scope = ["openid", "profile", "offline_access"]
    app, person = Client(server, application, "native", None, scope), Person(server)
    tokens = walk(app, person, {"include_client_id": True}, {"client_id": "native"})
    assert app.revoke(tokens["refresh_token"], "refresh_token").status_code == 200
    with pytest.raises(InvalidGrantError):
        app.session.refresh_token(app.metadata["token_endpoint"], client_id="native")


def test_less_than_was_asked_for_is_told(server, application):
    app, person = Client(server, application, "backend", "demo-backend-secret"), Person(server)
    answer = person.allow(app.link(), untick=["profile"])
    with pytest.raises(Warning, match="Scope has changed"):
        app.take(answer, client_secret="demo-backend-secret")
