# SPDX-License-Identifier: Apache-2.0
"""The JWT bearer grant with requests-oauth2client; joserfc verifies what comes out."""

import pytest
from joserfc.jwk import ECKey
from jwskate import Jwk
from requests_oauth2client import InvalidGrant, PrivateKeyJwt

import signed
from issuer import Issuer
from machines import Machines

API = "https://orders.example"
SECRET = "demo-reports-secret"
IDP = Issuer()
KEY = Jwk.generate(alg="ES256").with_kid_thumbprint()
SCOPE = ["orders.read", "orders.write"]
PLUGINS = [
    "jwt-token", "client-assertion",
    {"plugin": "jwt-bearer", "settings": {"issuers": [IDP.entry(clients=["reports", "keyed"], scope=SCOPE)]}},
]


def client(name, **document):
    plan = {"jwt_bearer": {"audience": [API]}}
    return {"id": name, "grant_types": ["jwt_bearer"], "scope": [*SCOPE, "orders.delete"], "auth": plan, **document}


CLIENTS = [
    client("reports", secret=SECRET), client("keyed", jwks={"keys": [KEY.public_jwk().to_dict()]}),
    client("other", secret=SECRET),
]
USERS = [{"id": "ann", "identities": [{"issuer": Issuer.ADDRESS, "subject": Issuer.PERSON}]}]


@pytest.fixture(scope="module")
def program(tmp_path_factory):
    program = Machines(tmp_path_factory.mktemp("bearer"), PLUGINS, CLIENTS, USERS)
    program.secrets.add(SECRET)
    yield program
    program.stop()


@pytest.fixture
def reports(program):
    return program.connect(("reports", SECRET))


def check(program, token, client, subject, scope):
    claims = signed.verify_access(program, token.access_token, client, API, scope)
    assert claims["sub"] == subject and token.refresh_token is None
    assert claims["exp"] - claims["iat"] <= 900 and token.expires_in <= 900


def test_a_workload_gets_a_token_for_its_client(program, reports):
    token = reports.jwt_bearer(IDP.sign(program.issuer))
    check(program, token, "reports", "reports", SCOPE)


def test_a_user_is_found_by_issuer_and_subject(program, reports):
    token = reports.jwt_bearer(IDP.sign(program.issuer, Issuer.PERSON, email="bob@example.com"), scope="orders.read")
    check(program, token, "reports", "ann", ["orders.read"])
    with pytest.raises(InvalidGrant):
        reports.jwt_bearer(IDP.sign(program.issuer, "ann", email="ann@example.com"))


def test_a_client_with_a_key_sends_two_assertions(program):
    keyed = program.connect(PrivateKeyJwt("keyed", KEY, aud=program.issuer))
    check(program, keyed.jwt_bearer(IDP.sign(program.issuer)), "keyed", "keyed", SCOPE)


def test_a_token_is_used_once(program, reports):
    assertion = IDP.sign(program.issuer)
    reports.jwt_bearer(assertion)
    with pytest.raises(InvalidGrant):
        reports.jwt_bearer(assertion)


@pytest.mark.parametrize("fault", ["another key", "another audience", "another issuer", "expired", "no subject for it"])
def test_what_nobody_trusts_is_refused(program, reports, fault):
    assertion = {
        "another key": lambda: IDP.sign(program.issuer, key=ECKey.generate_key("P-256", {"kid": "idp-1"})),
        "another audience": lambda: IDP.sign(API),
        "another issuer": lambda: IDP.sign(program.issuer, iss="https://other.example"),
        "expired": lambda: IDP.sign(program.issuer, exp=1),
        "no subject for it": lambda: IDP.sign(program.issuer, "workload:other:1"),
    }[fault]()
    with pytest.raises(InvalidGrant):
        reports.jwt_bearer(assertion)


def test_a_client_that_the_issuer_does_not_list_is_refused(program):
    with pytest.raises(InvalidGrant):
        program.connect(("other", SECRET)).jwt_bearer(IDP.sign(program.issuer))
