# SPDX-License-Identifier: Apache-2.0
"""Authlib as a stock client: the whole code flow, for every kind of client authentication."""

import urllib.parse

import pytest
import requests
from authlib.common.security import generate_token
from authlib.integrations.base_client.errors import OAuthError
from authlib.integrations.requests_client import OAuth2Session
from authlib.oauth2 import rfc7009, rfc7662, rfc8414, rfc9207
from authlib.oauth2.rfc9068 import JWTBearerTokenValidator
from authlib.oauth2.rfc9068.claims import JWTAccessTokenClaims
from authlib.oidc.core import CodeIDToken
from authlib.oidc.discovery import OpenIDProviderMetadata

import signed
from person import Person

SCOPE = "openid profile email offline_access"
WAYS = [
    pytest.param("backend", "demo-backend-secret", "client_secret_basic", id="client_secret_basic"),
    pytest.param("backend", "demo-backend-secret", "client_secret_post", id="client_secret_post"),
    pytest.param("reference", "demo-reference-secret", "client_secret_basic", id="reference tokens"),
    pytest.param("native", None, "none", id="a public client"),
]


class Client:
    """The code that an application writes around Authlib's session."""

    def __init__(self, program, application, client, secret, method, scope=SCOPE):
        self.metadata = signed.discovery(program)
        callback = application.callback
        if client == "native":
            # A different port from the registered one, as RFC 8252 section 7.3 requires.
            callback = callback.replace("/callback", "/native")
        self.session = OAuth2Session(
            client, secret, scope=scope, redirect_uri=callback, code_challenge_method="S256",
            token_endpoint_auth_method=method, revocation_endpoint_auth_method=method)
        self.session.verify = program.certificate
        self.verifier, self.nonce = generate_token(48), generate_token(20)

    def link(self, **more):
        address, self.state = self.session.create_authorization_url(
            self.metadata["authorization_endpoint"], code_verifier=self.verifier, nonce=self.nonce, **more)
        return address

    def take(self, answer):
        """Redeems the code at the callback; Authlib checks the state with a code, the application checks it with an error."""
        sent = dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(answer).query))
        assert sent["iss"] == self.metadata["issuer"], "RFC 9207"
        if "error" in sent:
            assert sent["state"] == self.state
            raise OAuthError(sent["error"], sent.get("error_description"))
        self.code = sent.get("code")
        return self.session.fetch_token(
            self.metadata["token_endpoint"], authorization_response=answer, state=self.state,
            code_verifier=self.verifier)


@pytest.mark.parametrize("client, secret, method", WAYS)
def test_the_whole_code_flow(server, application, client, secret, method):
    scope = SCOPE if client != "native" else "openid profile offline_access"
    app, person = Client(server, application, client, secret, method, scope), Person(server)
    answer = person.allow(app.link())
    tokens = app.take(answer)
    server.secrets |= {tokens["access_token"], tokens["refresh_token"], tokens["id_token"], app.code, app.verifier}

    claims = signed.verify_identity(server, tokens, client, app.nonce, app.code)
    assert claims["sub"] == person.who["id"]
    identity = signed.verify(server, tokens["id_token"], app.metadata["id_token_signing_alg_values_supported"])
    assert identity.header["alg"] == ("ES256" if client == "reference" else "RS256")
    CodeIDToken(
        identity.claims, identity.header,
        {"iss": {"value": server.issuer}, "aud": {"value": client}},
        {"nonce": app.nonce, "client_id": client, "access_token": tokens["access_token"], "max_age": 60},
    ).validate()
    if client != "reference":
        audience = "https://orders.example" if client == "backend" else None
        signed.verify_access(server, tokens["access_token"], client, audience or server.issuer, scope.split())

    about = app.session.get(app.metadata["userinfo_endpoint"]).json()
    assert about["sub"] == claims["sub"] and about["name"] == person.who["name"]
    assert ("email" in about) == ("email" in scope)

    renewed = app.session.refresh_token(app.metadata["token_endpoint"], tokens["refresh_token"])
    assert renewed["access_token"] != tokens["access_token"] and renewed["refresh_token"] != tokens["refresh_token"]
    server.secrets |= {renewed["access_token"], renewed["refresh_token"]}
    again = signed.verify_identity(server, renewed, client)
    assert [again[name] for name in ("sub", "auth_time", "sid")] == [claims[name] for name in ("sub", "auth_time", "sid")]
    assert app.session.get(app.metadata["userinfo_endpoint"]).json() == about, "with the new token"

    ended = app.session.revoke_token(
        app.metadata["revocation_endpoint"], renewed["refresh_token"], token_type_hint="refresh_token")
    assert ended.status_code == 200 and ended.content == b""
    with pytest.raises(OAuthError, match="invalid_grant"):
        app.session.refresh_token(app.metadata["token_endpoint"], renewed["refresh_token"])
    dead = requests.get(
        app.metadata["userinfo_endpoint"], headers={"authorization": f"Bearer {renewed['access_token']}"},
        verify=server.certificate)
    assert dead.status_code == 401 and 'error="invalid_token"' in dead.headers["www-authenticate"]


def test_a_code_is_redeemed_once_and_only_with_its_verifier(server, application):
    app, person = Client(server, application, *WAYS[0].values), Person(server)
    answer = person.allow(app.link())
    right, app.verifier = app.verifier, generate_token(48)
    with pytest.raises(OAuthError, match="invalid_grant"):
        app.take(answer)
    app.verifier = right
    app.take(answer)
    with pytest.raises(OAuthError, match="invalid_grant"):
        app.take(answer)
    dead = app.session.get(app.metadata["userinfo_endpoint"])
    assert dead.status_code == 401, "the second redemption ended what the first one got"


def test_what_a_person_unticks_is_not_granted_and_the_client_is_told(server, application):
    app, person = Client(server, application, *WAYS[0].values), Person(server)
    tokens = app.take(person.allow(app.link(), untick=["email", "offline_access"]))
    assert set(tokens["scope"].split()) == {"openid", "profile"} and "refresh_token" not in tokens
    signed.verify_access(
        server, tokens["access_token"], "backend", "https://orders.example", ["openid", "profile"])
    assert "email" not in app.session.get(app.metadata["userinfo_endpoint"]).json()


def test_a_denial_is_what_the_client_raises(server, application):
    app, person = Client(server, application, *WAYS[0].values), Person(server)
    answer = person.press(person.sign_in(person.open(app.link())), "Deny")
    with pytest.raises(OAuthError, match="access_denied"):
        app.take(answer)


def test_silent_sign_in_fails_without_a_session_and_works_with_one(server, application):
    app, person = Client(server, application, *WAYS[0].values), Person(server)
    with pytest.raises(OAuthError, match="login_required"):
        app.take(person.open(app.link(prompt="none")))
    first = app.take(person.allow(app.link()))
    answer = person.open(app.link(prompt="none", id_token_hint=first["id_token"]))
    assert isinstance(answer, str), "no page is shown"
    signed.verify_identity(server, app.take(answer), "backend", app.nonce, app.code)


def test_an_api_that_asks_the_server(server, application):
    app, person = Client(server, application, *WAYS[2].values), Person(server)
    tokens = app.take(person.allow(app.link()))

    def introspect(token):
        answer = app.session.introspect_token(app.metadata["introspection_endpoint"], token)
        assert answer.status_code == 200
        return answer.json()

    told = introspect(tokens["access_token"])
    assert told["active"] and told["sub"] == person.who["id"] and told["client_id"] == "reference"
    assert introspect("made-up") == {"active": False}
    app.session.revoke_token(app.metadata["revocation_endpoint"], tokens["access_token"])
    assert introspect(tokens["access_token"]) == {"active": False}
    assert introspect(tokens["refresh_token"])["active"], "a token alone was ended, not what it came of"


class Orders(JWTBearerTokenValidator):
    """An API that verifies tokens itself, as in Authlib's documentation."""

    def __init__(self, program):
        super().__init__(issuer=program.issuer, resource_server="https://orders.example")
        self.program = program

    def get_jwks(self):
        return signed.keys(self.program)


def test_an_api_that_verifies_tokens_by_itself(server, application):
    app, person = Client(server, application, *WAYS[0].values, scope="openid orders.read"), Person(server)
    tokens = app.take(person.allow(app.link()))
    api = Orders(server)
    claims = api.authenticate_token(tokens["access_token"])
    assert isinstance(claims, JWTAccessTokenClaims)
    api.validate_token(claims, ["orders.read"], None)
    with pytest.raises(Exception, match="insufficient_scope"):
        api.validate_token(claims, ["orders.write"], None)
    # An ID token must not be accepted as an access token (RFC 9068 section 4).
    with pytest.raises(Exception, match="invalid_token"):
        api.validate_token(api.authenticate_token(tokens["id_token"]), [], None)


def test_metadata_passes_the_validators_of_each_specification(server):
    openid = signed.discovery(server)
    OpenIDProviderMetadata(openid).validate()
    plain = signed.get(server, f"{server.issuer}/.well-known/oauth-authorization-server").json()
    metadata = rfc8414.AuthorizationServerMetadata(plain)
    metadata.validate(metadata_classes=[rfc9207.AuthorizationServerMetadata])
    for document in [openid, plain]:
        assert document["issuer"] == server.issuer
        for name, address in document.items():
            if name.endswith(("_endpoint", "_uri")):
                assert address.startswith(server.issuer + "/"), name
        assert document["code_challenge_methods_supported"] == ["S256"]
    assert "request_uri_parameter_supported" in openid and openid["request_uri_parameter_supported"] is False
