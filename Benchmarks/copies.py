#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Measures how long a store takes to be exported, imported, backed up and restored, and how much memory that needs.

usage: Benchmarks/copies.py PROGRAM [--rows N] [--url URL]

PROGRAM is a release build of grantor. The rows are opaque tokens, every tenth a user that never expires. With a URL of an
empty PostgreSQL database, the move from SQLite to PostgreSQL is measured too: how long the server is down, from before its
end until the new one answers.
"""
import argparse, hashlib, json, os, pathlib, resource, signal, socket, subprocess, tempfile, time, urllib.request

arguments = argparse.ArgumentParser()
arguments.add_argument("program")
arguments.add_argument("--rows", type=int, default=1_000_000)
arguments.add_argument("--url")
options = arguments.parse_args()
program = str(pathlib.Path(options.program).resolve())


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


port = free_port()


def configuration(store):
    return f"""issuer: http://127.0.0.1:{port}
listen: {{ host: 127.0.0.1, port: {port} }}
plugins:
  - {store}
  - opaque-token
  - client-credentials
clients: [{{ id: app, secret: a secret of the measurement, grant_types: [client_credentials] }}]
"""


def write(path):
    digest, far = hashlib.sha256(), 4_000_000_000
    with open(path, "wb") as file:
        def put(line):
            data = (json.dumps(line, separators=(",", ":")) + "\n").encode()
            digest.update(data)
            file.write(data)
        put({"grantor": "export", "format": 1, "server": "0", "issuer": f"http://127.0.0.1:{port}", "taken_at": 1,
             "plugins": [], "collections": []})
        for number in range(options.rows):
            name = hashlib.sha256(str(number).encode()).hexdigest()[:43]
            if number % 10 == 0:
                put({"collection": "user", "id": f"user-{number}", "value": {"id": f"user-{number}", "name": {"formatted": "Ann Example"}},
                     "version": 2, "expires_at": 253402300799, "indexes": {"kind": "user"}})
            else:
                put({"collection": "opaque_token", "id": name, "version": 1, "expires_at": far + number,
                     "value": {"id": name, "client": "app", "iat": 1790000000, "authorization": {
                         "v": 1, "sub": f"user-{number}", "scope": "openid profile email", "grant": name, "session": name}}})
        file.write((json.dumps({"grantor": "end", "items": options.rows, "sha256": digest.hexdigest()}) + "\n").encode())


def run(folder, label, *words):
    start = time.monotonic()
    process = subprocess.Popen([program, "store", *words], cwd=folder, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.monotonic() - start
    print(f"{label:38} {seconds:8.1f} s {usage.ru_maxrss / 1024:7.0f} MiB", flush=True)
    if status:
        raise SystemExit(f"'{' '.join(words)}' failed")
    return seconds


def serve(folder, name):
    process = subprocess.Popen([program, "serve", "--config", name], cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    while True:
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{port}/health/ready")
            return process
        except OSError:
            if process.poll() is not None:
                raise SystemExit("the server did not start")
            time.sleep(0.02)


with tempfile.TemporaryDirectory() as folder:
    place = pathlib.Path(folder)
    for name in ["one", "two", "three"]:
        (place / f"{name}.yaml").write_text(configuration(f"{{ plugin: sqlite-store, settings: {{ path: {name}.db }} }}"))
    write(place / "rows.copy")
    (place / "pass").write_text("a passphrase of the measurement\n")
    (place / "pass").chmod(0o600)
    print(f"{options.rows} records, {(place / 'rows.copy').stat().st_size >> 20} MiB")
    run(place, "import into SQLite", "import", "rows.copy", "--config", "one.yaml")
    run(place, "status", "status", "--config", "one.yaml")
    run(place, "export from SQLite", "export", "one.copy", "--config", "one.yaml")
    run(place, "backup from SQLite, sealed", "backup", "one.backup", "--passphrase-file", "pass", "--config", "one.yaml")
    run(place, "restore into SQLite, sealed", "restore", "one.backup", "--passphrase-file", "pass", "--config", "two.yaml")
    run(place, "restore into SQLite, with tokens", "restore", "one.backup", "--passphrase-file", "pass", "--keep-tokens",
        "--config", "three.yaml")
    if options.url:
        entry = json.dumps(options.url)
        (place / "pg.yaml").write_text(configuration(f"{{ plugin: postgres-store, settings: {{ url: {entry} }} }}"))
        run(place, "create the tables of PostgreSQL", "migrate", "--config", "pg.yaml")
        server = serve(place, "one.yaml")
        start = time.monotonic()
        server.send_signal(signal.SIGTERM)
        server.wait()
        run(place, "export from SQLite", "export", "move.copy", "--config", "one.yaml")
        run(place, "import into PostgreSQL", "import", "move.copy", "--config", "pg.yaml")
        server = serve(place, "pg.yaml")
        print(f"{'the server was down':38} {time.monotonic() - start:8.1f} s")
        run(place, "status of PostgreSQL", "status", "--config", "pg.yaml")
        run(place, "backup from PostgreSQL while it runs", "backup", "pg.backup", "--config", "pg.yaml")
        server.send_signal(signal.SIGTERM)
        server.wait()
