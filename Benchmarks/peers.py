# SPDX-License-Identifier: Apache-2.0
"""Other servers: PostgreSQL for ours, and other authorization servers, set up for the same requests. 'None' where they cannot
be installed."""
import atexit, gzip, json, os, pathlib, shutil, sqlite3, subprocess, sys, tempfile, urllib.error, urllib.request
from machine import free_port, made, products, root, sh
from servers import Server, certificate, serve

scripts = pathlib.Path("/usr/share/doc/glewlwyd/database/init.sqlite3.sql.gz")


def installed(*command):
    return subprocess.run([str(word) for word in command], cwd=root, stdout=subprocess.DEVNULL).returncode == 0


def glewlwyd(folder):
    if not installed("Scripts/prepare", "glewlwyd") or not scripts.exists():
        return None
    home, port = folder / "glewlwyd", free_port()
    home.mkdir()
    (home / "glewlwyd.conf").write_text((root / "Benchmarks/glewlwyd.conf").read_text().replace("@PORT@", str(port)))
    with sqlite3.connect(home / "glewlwyd.db") as database:
        database.executescript(gzip.decompress(scripts.read_bytes()).decode())
    server = Server("Glewlwyd", ["glewlwyd", "-c", "glewlwyd.conf"], port, home=home, base="/api/bench")
    set_up(server)
    return server


def set_up(server):
    """Adds a scope, a client and the plugin for OpenID Connect, as an administrator would in the browser."""
    answer = administer(server, "POST", "auth", {"username": "admin", "password": "password"})
    cookie = answer.headers["Set-Cookie"].split(";")[0]
    administer(server, "POST", "scope/", {"name": "read", "display_name": "read", "password_required": False}, cookie)
    administer(server, "POST", "client/", {
        "client_id": "jwt", "name": "jwt", "confidential": True, "enabled": True, "password": "bench-secret",
        "client_secret": "bench-secret", "scope": ["read"], "authorization_type": ["client_credentials"],
        "token_endpoint_auth_method": ["client_secret_basic"], "redirect_uri": []}, cookie)
    certificate(server.home)
    public = sh("openssl", "pkey", "-in", server.home / "key.pem", "-pubout", capture_output=True, text=True).stdout
    administer(server, "POST", "mod/plugin/", {
        "module": "oidc", "name": "bench", "display_name": "bench", "order_rank": 0, "parameters": {
            "iss": server.url, "key": (server.home / "key.pem").read_text(), "cert": public, "jwt-type": "ecdsa", "jwt-key-size": "256",
            "access-token-duration": 86400, "refresh-token-duration": 86400, "code-duration": 600, "allow-non-oidc": True,
            "auth-type-code-enabled": False, "auth-type-token-enabled": False, "auth-type-password-enabled": False,
            "auth-type-client-enabled": True, "auth-type-refresh-enabled": False, "jwks-show": True,
            "introspection-revocation-allowed": True, "introspection-revocation-allow-target-client": True,
            "introspection-revocation-auth-scope": []}}, cookie)


def administer(server, method, path, body, cookie=None):
    headers = {"Content-Type": "application/json", **({"Cookie": cookie} if cookie else {})}
    request = urllib.request.Request(f"{server.url}/api/{path}", json.dumps(body).encode(), headers, method=method)
    try:
        return urllib.request.urlopen(request)
    except urllib.error.HTTPError as error:
        raise SystemExit(f"Glewlwyd refused {path}: {error} {error.read().decode()[:500]}")


class Database(Server):
    """PostgreSQL with Debian's settings, on the disk of the temporary folder."""

    def __init__(self, pinned=True, filled=None, **settings):
        """Begins with a copy of the folder 'filled', which is the data of one that was stopped."""
        self.programs, port = sorted(pathlib.Path("/usr/lib/postgresql").glob("*/bin"))[-1], free_port()
        home = pathlib.Path(tempfile.mkdtemp())
        atexit.register(shutil.rmtree, home, ignore_errors=True)
        self.owner = ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"] if os.getuid() == 0 else []
        if self.owner:
            shutil.chown(home, "postgres")
        if filled:
            sh("cp", "-a", filled, home / "data")
        else:
            sh(*self.owner, self.programs / "initdb", "-A", "trust", "-U", "grantor", "-D", home / "data", cwd=home, stdout=subprocess.DEVNULL)
        words = ["-D", home / "data", "-p", port, "-k", home, "-h", "127.0.0.1", "-c", "logging_collector=on"]
        words += [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
        super().__init__("PostgreSQL", [*self.owner, self.programs / "postgres", *words], port, home=home, pinned=pinned)

    @property
    def address(self):
        return f"postgresql://grantor@127.0.0.1:{self.port}/postgres?sslmode=disable"

    def sql(self, statements):
        return sh("psql", "-XqAt", "-v", "ON_ERROR_STOP=1", self.address, input=statements, capture_output=True, text=True).stdout.strip()

    def store(self, **settings):
        """The entry of the store in a configuration."""
        more = "".join(f", {name}: {value}" for name, value in settings.items())
        return f"{{ plugin: postgres-store, settings: {{ url: '{self.address}'{more} }} }}"


def has_postgres():
    return (products / "libpostgres-store.so").exists() and installed("Scripts/prepare", "postgresql", "postgresql-client")


def postgres(folder):
    """Our server with its store in PostgreSQL, which runs on the same processor."""
    return serve(folder, "postgres", store=Database().store()) if has_postgres() else None


def authlib(folder):
    home, port, scratch = folder / "authlib", free_port(), made / "authlib"
    if not (scratch / "bin/gunicorn").exists():
        sh(sys.executable, "-m", "venv", scratch)
        if not installed(scratch / "bin/pip", "install", "-q", "authlib", "flask", "gunicorn", "joserfc"):
            return None
    home.mkdir()
    settings = {"DATABASE": str(home / "tokens.db"), "AUTHLIB_INSECURE_TRANSPORT": "1", "PYTHONPATH": str(root / "Benchmarks")}
    command = [scratch / "bin/gunicorn", "-b", f"127.0.0.1:{port}", "--workers", "1", "--worker-class", "gthread", "--threads",
               "8", "--log-level", "error", "authlib_server:app"]
    return Server("Authlib", command, port, home=home, environment={**os.environ, **settings})
