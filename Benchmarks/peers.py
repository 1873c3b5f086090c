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


def postgres(folder):
    """Our server with its store in PostgreSQL, which runs on the same processor."""
    if not (products / "libpostgres-store.so").exists() or not installed("Scripts/prepare", "postgresql"):
        return None
    programs, home, port = sorted(pathlib.Path("/usr/lib/postgresql").glob("*/bin"))[-1], tempfile.mkdtemp(), free_port()
    atexit.register(shutil.rmtree, home, ignore_errors=True)
    owner = ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"] if os.getuid() == 0 else []
    if owner:
        shutil.chown(home, "postgres")
    sh(*owner, programs / "initdb", "-A", "trust", "-U", "grantor", "-D", f"{home}/data", cwd=home, stdout=subprocess.DEVNULL)
    words = ["-D", f"{home}/data", "-p", port, "-k", home, "-h", "127.0.0.1", "-c", "logging_collector=on"]
    Server("PostgreSQL", [*owner, programs / "postgres", *words], port, home=home)
    store = f"{{ plugin: postgres-store, settings: {{ url: 'postgresql://grantor@127.0.0.1:{port}/postgres?sslmode=disable' }} }}"
    return serve(folder, "postgres", store=store)


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
