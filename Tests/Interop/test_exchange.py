# SPDX-License-Identifier: Apache-2.0
"""Token exchange with requests-oauth2client: a gateway trades a user's token for one for the API behind it."""

import pytest
from requests_oauth2client import InvalidRequest, InvalidScope, InvalidTarget

import signed
from issuer import Issuer
from machines import Machines

GATEWAY, ORDERS, STOCK = "https://gateway.example", "https://orders.example", "https://stock.example"
SECRET = "demo-exchange-secret"
ACCESS_TOKEN = "urn:ietf:params:oauth:token-type:access_token"
IDP = Issuer()
SCOPE = ["orders.read", "orders.write"]
PLUGINS = [
    "jwt-token", "client-credentials", "introspection", "token-exchange",
    {"plugin": "jwt-bearer", "settings": {"issuers": [IDP.entry(clients=["front"], scope=SCOPE)]}},
]
RULE = {"subject": "access_token", "audience": GATEWAY, "to": ORDERS, "scope": ["orders.read"], "actor": "access_token"}


def client(name, grants, **document):
    return {"id": name, "secret": SECRET, "grant_types": list(grants), "scope": SCOPE, "auth": grants, **document}


EXCHANGES = {"audience": [ORDERS, STOCK], "exchanges": [RULE]}
CLIENTS = [
    client("front", {"jwt_bearer": {"audience": [GATEWAY]}}),
    client("gateway", {"token_exchange": EXCHANGES, "client_credentials": {}}, resources=[GATEWAY]),
    client("stranger", {"token_exchange": EXCHANGES}),
]
USERS = [{"id": "ann", "identities": [{"issuer": Issuer.ADDRESS, "subject": Issuer.PERSON}]}]


@pytest.fixture(scope="module")
def program(tmp_path_factory):
    program = Machines(tmp_path_factory.mktemp("exchange"), PLUGINS, CLIENTS, USERS)
    program.secrets.add(SECRET)
    yield program
    program.stop()


@pytest.fixture
def token(program):
    """What the gateway is called with: ann's token, for the gateway."""
    token = program.connect(("front", SECRET)).jwt_bearer(IDP.sign(program.issuer, Issuer.PERSON))
    program.secrets.add(token.access_token)
    return token


@pytest.fixture
def gateway(program):
    return program.connect(("gateway", SECRET))


def check(program, exchanged):
    claims = signed.verify_access(program, exchanged.access_token, "gateway", ORDERS, ["orders.read"])
    assert claims["sub"] == "ann" and exchanged.refresh_token is None
    assert exchanged.issued_token_type == ACCESS_TOKEN
    return claims


def test_a_gateway_gets_a_narrower_token_for_the_api(program, gateway, token):
    claims = check(program, gateway.token_exchange(subject_token=token, audience=ORDERS))
    assert claims["exp"] <= signed.claims(token.access_token)["exp"]


def test_an_actor_token_names_who_acts(program, gateway, token):
    own = gateway.client_credentials()
    exchanged = gateway.token_exchange(subject_token=token, actor_token=own, audience=ORDERS)
    assert check(program, exchanged)["act"]["sub"] == "gateway"


@pytest.mark.parametrize(
    "more, error", [({"audience": STOCK}, InvalidTarget), ({"audience": ORDERS, "scope": "orders.delete"}, InvalidScope)])
def test_what_the_rule_does_not_list_is_refused(gateway, token, more, error):
    with pytest.raises(error):
        gateway.token_exchange(subject_token=token, **more)


def test_a_client_that_the_token_is_not_for_is_refused(program, token):
    with pytest.raises(InvalidRequest):
        program.connect(("stranger", SECRET)).token_exchange(subject_token=token, audience=ORDERS)


def test_a_changed_token_gives_nothing(gateway, token):
    changed = token.access_token[:-8] + "AAAAAAAA"
    with pytest.raises(InvalidRequest):
        gateway.token_exchange(subject_token=changed, subject_token_type="access_token", audience=ORDERS)
