# SPDX-License-Identifier: Apache-2.0
"""The servers that are measured: each is one process on one processor."""
import atexit, json, re, signal, socket, subprocess, sys, time
import assertions
from machine import free_port, grantor, made, memory, processor_time, root, server_processor, sh
from people import hashed

running = []
# A script that is stopped stops its servers too.
signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))


class Server:
    def __init__(self, name, command, port, path="/", home=None, scheme="http", pinned=True, environment=None, base="/auth"):
        self.name, self.port, self.path, self.home, self.scheme = name, port, path, home, scheme
        self.base = base
        pin = ["taskset", "-c", server_processor] if pinned else []
        begin = time.perf_counter()
        self.process = subprocess.Popen(
            pin + [str(word) for word in command], cwd=home, stdout=subprocess.DEVNULL, env=environment)
        running.append(self)
        self.wait()
        self.start = time.perf_counter() - begin

    def wait(self):
        for _ in range(60_000):
            if self.process.poll() is not None:
                raise SystemExit(f"{self.name} did not start")
            try:
                return socket.create_connection(("127.0.0.1", self.port), 0.05).close()
            except OSError:
                time.sleep(0.0005)
        raise SystemExit(f"{self.name} does not listen")

    @property
    def url(self):
        return f"{self.scheme}://127.0.0.1:{self.port}"

    def memory(self):
        return memory(self.process.pid)

    def processor_time(self):
        return processor_time(self.process.pid)

    def stop(self):
        if self.process.poll() is None:
            self.process.terminate()
            self.process.wait()


@atexit.register
def stop_all():
    for server in reversed(running):
        server.stop()


def hello(folder):
    sh("swift", "build", "-c", "release", "--package-path", "Benchmarks/Hello", "--scratch-path", made, stdout=subprocess.DEVNULL)
    port = free_port()
    return Server("bare Hummingbird", [made / "release/hello", port], port, "/hello")


def nio(folder):
    scratch = made / "nio"
    sh("swift", "build", "-c", "release", "--package-path", "Benchmarks/NIO", "--scratch-path", scratch, stdout=subprocess.DEVNULL)
    port = free_port()
    return Server("bare swift-nio", [scratch / "release/nio", port], port)


def nginx(folder):
    home, port = folder / "nginx", free_port()
    home.mkdir()
    (home / "nginx.conf").write_text((root / "Benchmarks/nginx.conf").read_text().replace("@PORT@", str(port)))
    return Server("nginx", ["/usr/sbin/nginx", "-p", home, "-c", "nginx.conf"], port, home=home)


def configuration(port, store="sqlite-store", algorithm="ES256", tls=False, people=1, plugins=(), clients=""):
    """The text of 'Benchmarks/config.yaml' with its blanks filled in."""
    store = {"sqlite-store": "{ plugin: sqlite-store, settings: { path: bench.db } }"}.get(store, store)
    password = hashed() if people else ""
    users = "".join(
        f"\n  - {{ id: p{n}, email: p{n}@example.com, password: '{password}', data: {{ name: Ann Lee }} }}" for n in range(people))
    blanks = {
        "SCHEME": "https" if tls else "http", "PORT": port, "STORE": store, "ALGORITHM": algorithm, "USERS": users or " []",
        "TLS": ", tls: { certificate: chain.pem, key: key.pem }" if tls else "",
        "PLUGINS": "".join(f"\n  - {entry}" for entry in plugins), "CLIENTS": clients,
        "KEY": json.dumps(assertions.public_key()),
    }
    text = (root / "Benchmarks/config.yaml").read_text()
    return re.sub(r"@([A-Z]+)@", lambda blank: str(blanks[blank[1]]), text)


def certificate(home):
    sh("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
       "-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", home / "key.pem", "-out",
       home / "chain.pem", stderr=subprocess.DEVNULL)


def serve(folder, name, pinned=True, environment=None, port=None, **choices):
    """Starts our server with the configuration of the measurements in a folder of its own."""
    home, port = folder / name.replace(" ", "-"), port or free_port()
    home.mkdir(exist_ok=True)
    if choices.get("tls"):
        certificate(home)
    (home / "config.yaml").write_text(configuration(port, **choices))
    scheme = "https" if choices.get("tls") else "http"
    return Server(name, [grantor, "serve"], port, home=home, scheme=scheme, pinned=pinned, environment=environment)


def ours(**choices):
    """How to start our server with these choices."""
    return lambda folder: serve(folder, "-".join(map(str, choices.values())), **choices)
