# SPDX-License-Identifier: Apache-2.0
"""The least that Authlib needs to issue and introspect tokens: Flask, one client for each format, SQLite in its safest mode."""
import json, os, secrets, sqlite3, time
from authlib.integrations.flask_oauth2 import AuthorizationServer
from authlib.oauth2.rfc6749 import ClientMixin, TokenMixin, grants
from authlib.oauth2.rfc7662 import IntrospectionEndpoint
from flask import Flask
from joserfc import jwt
from joserfc.jwk import ECKey

database = sqlite3.connect(os.environ["DATABASE"], isolation_level=None, check_same_thread=False)
for line in ("journal_mode=WAL", "synchronous=FULL"):
    database.execute(f"PRAGMA {line}")
database.execute("CREATE TABLE IF NOT EXISTS token (value TEXT PRIMARY KEY, client TEXT, body TEXT, ends INTEGER)")
key = ECKey.generate_key("P-256")
lifetime = 86400


class Client(ClientMixin):
    def __init__(self, name):
        self.name = name

    def get_client_id(self):
        return self.name

    def get_allowed_scope(self, scope):
        return "read write"

    def check_client_secret(self, secret):
        return secrets.compare_digest(secret, "bench-secret")

    def check_endpoint_auth_method(self, method, endpoint):
        return method == "client_secret_basic"

    def check_grant_type(self, name):
        return name == "client_credentials"


class Token(TokenMixin):
    def __init__(self, client, ends):
        self.client, self.ends = client, ends

    def check_client(self, client):
        return client.name == self.client

    def is_expired(self):
        return self.ends < time.time()

    def is_revoked(self):
        return False


clients = {name: Client(name) for name in ("jwt", "opaque")}


def generate(grant_type, client, user=None, scope=None, expires_in=None, include_refresh_token=False):
    if client.name == "jwt":
        claims = {"iss": "http://127.0.0.1", "sub": client.name, "aud": "http://127.0.0.1", "client_id": client.name,
                  "iat": int(time.time()), "exp": int(time.time()) + lifetime, "jti": secrets.token_urlsafe(16), "scope": "read write"}
        value = jwt.encode({"alg": "ES256", "typ": "at+jwt"}, claims, key)
    else:
        value = secrets.token_urlsafe(32)
    return {"access_token": value, "token_type": "Bearer", "expires_in": lifetime, "scope": "read write"}


def save(token, request):
    if request.client.name == "opaque":
        database.execute("INSERT INTO token VALUES (?, ?, ?, ?)", (
            token["access_token"], "opaque", json.dumps({"scope": token["scope"]}), int(time.time()) + lifetime))


class ClientCredentials(grants.ClientCredentialsGrant):
    TOKEN_ENDPOINT_AUTH_METHODS = ["client_secret_basic"]


class Introspection(IntrospectionEndpoint):
    def query_token(self, value, hint):
        row = database.execute("SELECT client, ends FROM token WHERE value = ?", (value,)).fetchone()
        return Token(*row) if row else None

    def check_permission(self, token, client, request):
        return token.check_client(client)

    def introspect_token(self, token):
        return {"active": True, "client_id": token.client, "exp": token.ends, "scope": "read write"}


app = Flask(__name__)
server = AuthorizationServer(app, query_client=clients.get, save_token=save)
server.register_token_generator("default", generate)
server.register_grant(ClientCredentials)
server.register_endpoint(Introspection)
app.post("/auth/token")(server.create_token_response)


@app.post("/auth/introspect", endpoint="introspect")
def introspect():
    return server.create_endpoint_response(Introspection.ENDPOINT_NAME)
