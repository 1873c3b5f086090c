# SPDX-License-Identifier: Apache-2.0
"""What is measured: the table of workloads, and the requests of each."""
import dataclasses, functools, json, re, time, urllib.parse
import assertions
from load import ask, take
from messages import get, post
from people import Browser, authorization, callback, verifier

code_pattern = "[?&]code=([^&]+)"
token_pattern = '"access_token": ?"([^"]+)"'
form = {"redirect_uri": callback, "code_verifier": verifier}


@dataclasses.dataclass(frozen=True)
class Workload:
    name: str
    title: str
    server: str
    # Makes the requests from a server and the number that a round needs at most.
    requests: callable
    # 'again': the requests are repeated. 'once': each works once. 'chain': the script makes the next from a response.
    use: str = "again"
    script: str = "requests.lua"
    connections: int = 32
    protocol: str = "HTTP/1.1"


def checked(server, request, expected=""):
    """A request whose response was looked at once."""
    status, _, body = ask(server, request)
    if status != 200 or not re.search(expected, body):
        raise SystemExit(f"{server.name}: {request.method} {request.path}: {status} {body[:300]}")
    return request


def fixed(request, expected=""):
    return lambda server, count: [checked(server, request, expected)]


def closing(requests):
    """The same on a new connection for each request."""
    return lambda server, count: [one.with_header("Connection", "close") for one in requests(server, count)]


def issue(client):
    return lambda server: post(f"{server.base}/token", client, grant_type="client_credentials", scope="read")


def token(client):
    return lambda server, count: [checked(server, issue(client)(server), "access_token")]


def tokens(server, client, count):
    return take(server, checked(server, issue(client)(server), "access_token"), token_pattern, count)


def introspection(client, different=1):
    def requests(server, count):
        made = [post(f"{server.base}/introspect", client, token=one) for one in tokens(server, client, different)]
        checked(server, made[-1], '"active": ?true')
        return made
    return requests


def revocation(server, count):
    return [post("/auth/revoke", "opaque", token=one) for one in tokens(server, "opaque", count)]


def assertion(server, count):
    signed = assertions.sign("signer", server.url, count, time.time())
    return [post("/auth/token", grant_type="client_credentials", client_assertion=one,
                 client_assertion_type="urn:ietf:params:oauth:client-assertion-type:jwt-bearer") for one in signed]


@functools.cache
def cookie(server):
    return Browser(server.port).sign_in().cookie


def authorize(server, client="app"):
    # The others get an ID token, whose RS256 signature takes longer than everything else together.
    scope = "read" if client == "renewing" else "openid profile email"
    return get(authorization(client, scope), Cookie=cookie(server))


def redeem(code, client="app"):
    return post("/auth/token", client, grant_type="authorization_code", **form, code=code)


def codes(server, client, count):
    found = take(server, authorize(server, client), code_pattern, count)
    return [urllib.parse.unquote(code) for code in found]


def redemption(server, count):
    return [redeem(code) for code in codes(server, "app", count)]


def granted(server, client="app"):
    """The token response of one code flow."""
    status, _, body = ask(server, redeem(codes(server, client, 1)[0], client))
    if status != 200:
        raise SystemExit(f"{server.name}: the code of '{client}' was refused: {body}")
    return json.loads(body)


def flow(server, count):
    request = redeem("")
    length = len(codes(server, "app", 1)[0])
    return [authorize(server), request.raw(len(request.body) + length)]


def refresh(client):
    def requests(server, count):
        found = [granted(server, client)["refresh_token"] for _ in range(128)]
        return [post("/auth/token", client, grant_type="refresh_token", refresh_token=one) for one in found]
    return requests


def userinfo(client):
    def requests(server, count):
        bearer = {"Authorization": "Bearer " + granted(server, client)["access_token"]}
        return [checked(server, get("/auth/userinfo", **bearer), '"sub"')]
    return requests


jwks = fixed(get("/.well-known/jwks.json"), '"keys"')
discovery = fixed(get("/.well-known/openid-configuration"), '"issuer"')
bare = lambda server, count: [get(server.path)]

table = [
    Workload("hello", "bare Hummingbird, a fixed response", "hello", bare),
    Workload("nio", "bare swift-nio, a fixed response", "nio", bare),
    Workload("nginx", "nginx, `return 200`", "nginx", bare),
    Workload("token-es256", "token, ES256", "sqlite", token("jwt")),
    Workload("token-eddsa", "token, EdDSA", "eddsa", token("jwt")),
    Workload("token-rs256", "token, RS256", "rs256", token("jwt")),
    Workload("token-opaque", "token, opaque, SQLite FULL", "sqlite", token("opaque")),
    Workload("token-opaque-memory", "token, opaque, in memory", "memory", token("opaque")),
    Workload("token-opaque-postgres", "token, opaque, PostgreSQL", "postgres", token("opaque")),
    Workload("token-assertion", "token, ES256, for a client with an ES256 assertion", "sqlite", assertion, use="once"),
    Workload("refresh", "refresh with rotation, SQLite FULL", "sqlite", refresh("renewing"), use="chain", script="refresh.lua"),
    Workload("refresh-memory", "refresh with rotation, in memory", "memory", refresh("renewing"), use="chain", script="refresh.lua"),
    Workload("refresh-postgres", "refresh with rotation, PostgreSQL", "postgres", refresh("renewing"), use="chain",
             script="refresh.lua"),
    Workload("refresh-id-token", "refresh with rotation and an ID token (RS256)", "sqlite", refresh("rotating"), use="chain",
             script="refresh.lua"),
    Workload("redemption", "code redemption, with an ID token (RS256)", "sqlite", redemption, use="once"),
    Workload("redemption-memory", "code redemption, with an ID token (RS256), in memory", "memory", redemption, use="once"),
    Workload("flow", "code flow of a signed-in user, with an ID token (RS256)", "sqlite", flow, use="chain", script="flow.lua"),
    Workload("flow-memory", "code flow of a signed-in user, with an ID token (RS256), in memory", "memory", flow, use="chain",
             script="flow.lua"),
    Workload("introspect-opaque", "introspection, opaque, one token", "sqlite", introspection("opaque")),
    Workload("introspect-opaque-many", "introspection, opaque, 10,000 tokens", "sqlite", introspection("opaque", 10_000)),
    Workload("introspect-opaque-memory", "introspection, opaque, one token, in memory", "memory", introspection("opaque")),
    Workload("introspect-opaque-postgres", "introspection, opaque, one token, PostgreSQL", "postgres", introspection("opaque")),
    Workload("introspect-jwt", "introspection, JWT, one token", "sqlite", introspection("jwt")),
    Workload("introspect-jwt-many", "introspection, JWT, 10,000 tokens", "sqlite", introspection("jwt", 10_000)),
    Workload("revocation", "revocation, opaque", "sqlite", revocation, use="once"),
    Workload("revocation-memory", "revocation, opaque, in memory", "memory", revocation, use="once"),
    Workload("userinfo", "userinfo, JWT", "sqlite", userinfo("app")),
    Workload("userinfo-opaque", "userinfo, opaque", "sqlite", userinfo("rotating")),
    Workload("jwks", "JWKS", "sqlite", jwks),
    Workload("discovery", "discovery", "sqlite", discovery),
    Workload("sign-in-page", "sign-in page", "sqlite", fixed(get(authorization()), 'type="password"')),
]
for name, title, requests in [
        ("token-es256", "token, ES256", token("jwt")),
        ("introspect-opaque", "introspection, opaque, one token", introspection("opaque")),
        ("jwks", "JWKS", jwks)]:
    table += [
        Workload(f"{name}-1", f"{title}, 1 connection", "sqlite", requests, connections=1),
        Workload(f"{name}-256", f"{title}, 256 connections", "sqlite", requests, connections=256),
        Workload(f"{name}-tls", f"{title}, TLS", "tls", requests),
        Workload(f"{name}-new-tls", f"{title}, a new TLS connection each", "tls", closing(requests)),
        Workload(f"{name}-h2", f"{title}, HTTP/2", "tls", requests, protocol="HTTP/2"),
    ]
table += [
    Workload("glewlwyd-token-es256", "Glewlwyd: token, ES256", "glewlwyd", token("jwt")),
    Workload("glewlwyd-introspect-jwt", "Glewlwyd: introspection, JWT, one token", "glewlwyd", introspection("jwt")),
    Workload("authlib-token-es256", "Authlib: token, ES256", "authlib", token("jwt")),
    Workload("authlib-token-opaque", "Authlib: token, opaque, SQLite FULL", "authlib", token("opaque")),
    Workload("authlib-introspect-opaque", "Authlib: introspection, opaque, one token", "authlib", introspection("opaque")),
]

# What the open loop measures too, and what '--quick' measures of it.
open_loop = ["token-es256", "token-opaque", "introspect-opaque", "introspect-jwt", "jwks", "redemption", "revocation",
             "userinfo", "discovery", "sign-in-page"]
quick_open_loop = open_loop[:3]
password = post("/auth/token", client_id="phone", grant_type="password", username="p0", password="a password of the bench")
