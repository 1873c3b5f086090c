# SPDX-License-Identifier: Apache-2.0
"""The Python SDK of MCP, as client and as server: its providers get a token here, and its server accepts it."""

import asyncio
import ssl
import threading
import time

import httpx2
import pytest
import uvicorn
from joserfc.jwk import ECKey
from mcp import Client
from mcp.client.auth import OAuthTokenError
from mcp.client.auth.extensions.client_credentials import PrivateKeyJWTOAuthProvider, SignedJWTParameters
from mcp.client.auth.extensions.identity_assertion import IdentityAssertionOAuthProvider
from mcp.client.streamable_http import streamable_http_client
from mcp.server import MCPServer
from mcp.server.auth.middleware.auth_context import get_access_token
from mcp.server.auth.provider import AccessToken
from mcp.server.auth.settings import AuthSettings

import signed
from issuer import Issuer
from machines import Machines
from program import PATIENCE, free_port

SECRET = "demo-desk-secret"
IDP = Issuer()
KEY = ECKey.generate_key("P-256")
SCOPE = ["notes.read"]
PLUGINS = [
    "jwt-token", "client-credentials", "client-assertion",
    {"plugin": "jwt-bearer", "settings": {"issuers": [IDP.entry(types=[Issuer.ASSERTION], clients=["desk"], scope=SCOPE)]}},
    # The SDK reads no metadata without an authorization endpoint.
    "authorization-code", "password-login",
]
USERS = [{"id": "ann", "identities": [{"issuer": Issuer.ADDRESS, "subject": Issuer.PERSON}]}]


def clients(notes):
    def client(name, grant, **document):
        return {"id": name, "grant_types": [grant], "scope": SCOPE, "auth": {grant: {"audience": [notes]}}, **document}

    return [
        client("agent", "client_credentials", jwks={"keys": [KEY.as_dict(private=False)]}),
        client("desk", "jwt_bearer", secret=SECRET, token_endpoint_auth_method="client_secret_post"),
    ]


class Verifier:
    """Accepts tokens of the program, by what it publishes."""

    def __init__(self, program, notes):
        self.program, self.notes = program, notes

    async def verify_token(self, token):
        client = "desk" if signed.claims(token)["sub"] == "ann" else "agent"
        claims = signed.verify_access(self.program, token, client, self.notes, SCOPE)
        return AccessToken(
            token=token, client_id=client, scopes=SCOPE, expires_at=claims["exp"], resource=self.notes,
            subject=claims["sub"], claims={"iss": claims["iss"]})


class Notes:
    """A server of the SDK with one tool, which tells for whom it was called."""

    def __init__(self, program, port, address):
        settings = AuthSettings(
            issuer_url=program.issuer, resource_server_url=address, required_scopes=SCOPE, validate_token_resource=True)
        server = MCPServer("Notes", token_verifier=Verifier(program, address), auth=settings)

        @server.tool()
        def caller() -> str:
            token = get_access_token()
            return f"{token.client_id} for {token.subject}"

        config = uvicorn.Config(server.streamable_http_app(), host="127.0.0.1", port=port, log_level="warning")
        self.server = uvicorn.Server(config)
        self.thread = threading.Thread(target=self.server.run, daemon=True)
        self.thread.start()
        end = time.monotonic() + PATIENCE
        while not self.server.started:
            assert self.thread.is_alive() and time.monotonic() < end, "the server of the SDK did not start"
            time.sleep(0.01)

    def stop(self):
        self.server.should_exit = True
        self.thread.join(PATIENCE)


class Storage:
    """Keeps tokens as the SDK asks its users to."""

    tokens = None

    async def get_tokens(self):
        return self.tokens

    async def set_tokens(self, tokens):
        self.tokens = tokens

    async def get_client_info(self):
        return None

    async def set_client_info(self, info):
        raise AssertionError("the client is registered already")


@pytest.fixture(scope="module")
def notes(tmp_path_factory):
    """The program, and the address of a server of the SDK that trusts it."""
    port = free_port()
    address = f"http://127.0.0.1:{port}/mcp"
    program = Machines(tmp_path_factory.mktemp("mcp"), PLUGINS, clients(address), USERS)
    program.secrets.add(SECRET)
    server = Notes(program, port, address)
    yield program, address
    server.stop()
    program.stop()


def call(program, address, provider):
    """Calls the tool as a user of the SDK does; the provider meets the challenge."""
    async def session():
        trust = ssl.create_default_context(cafile=program.certificate)
        async with httpx2.AsyncClient(auth=provider, verify=trust, timeout=PATIENCE) as http:
            async with Client(streamable_http_client(address, http_client=http)) as client:
                return (await client.call_tool("caller")).content[0].text

    return asyncio.run(session())


def agent(program, address, key=KEY):
    parameters = SignedJWTParameters(
        issuer="agent", subject="agent", signing_key=key.as_pem(private=True).decode(), signing_algorithm="ES256")
    return PrivateKeyJWTOAuthProvider(
        address, Storage(), "agent", parameters.create_assertion_provider(), issuer=program.issuer)


def desk(program, address, subject=Issuer.PERSON, client="desk"):
    async def assertion(audience, resource):
        return IDP.sign(audience, subject, Issuer.ASSERTION, client_id=client, resource=resource, scope="notes.read")

    return IdentityAssertionOAuthProvider(address, Storage(), "desk", SECRET, program.issuer, assertion)


def test_client_credentials_with_a_key(notes):
    assert call(*notes, agent(*notes)) == "agent for agent"


def test_another_key_is_refused(notes):
    refused(notes, agent(*notes, key=ECKey.generate_key("P-256")), "invalid_client")


def test_an_identity_assertion(notes):
    known = signed.metadata(notes[0])["authorization_grant_profiles_supported"]
    assert known == ["urn:ietf:params:oauth:grant-profile:id-jag"]
    assert call(*notes, desk(*notes)) == "desk for ann"


@pytest.mark.parametrize("fault", [{"subject": "ann"}, {"client": "agent"}])
def test_a_wrong_identity_assertion_is_refused(notes, fault):
    refused(notes, desk(*notes, **fault), "invalid_grant")


def refused(notes, provider, error):
    # The SDK runs in task groups, which wrap what their tasks raise.
    with pytest.RaisesGroup(pytest.RaisesExc(OAuthTokenError, match=error), flatten_subgroups=True, allow_unwrapped=True):
        call(*notes, provider)
