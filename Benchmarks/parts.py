# SPDX-License-Identifier: Apache-2.0
"""Single parts: the start, a call across the library boundary, a signature, and a plugin from outside."""
import statistics, subprocess, time, urllib.request
from machine import free_port, grantor, made, memory, products, root, server_processor, sh, swift_program
from rounds import Disturbance, Row
from servers import serve
from workloads import Workload, token


def measure(folder, rounds, seconds):
    starts(folder)
    outside(folder, rounds, seconds)
    boundary()
    signing()
    remembering()


def boundary():
    """Measures a call across the library boundary."""
    sh(swift_program("boundary", "Benchmarks/boundary.swift"), products / "libclient-credentials.so")


def compiled(name):
    """Compiles a measurement together with the server's cryptography, and returns its path."""
    sources = sorted((root / "Sources/Cryptography").rglob("*.swift"))
    features = ["ExistentialAny", "InternalImportsByDefault", "MemberImportVisibility"]
    sh("swiftc", "-O", "-wmo", "-swift-version", "6", "-parse-as-library", "-module-name", name,
       *[word for feature in features for word in ("-enable-upcoming-feature", feature)], "-I", products / "Modules",
       *[word for library in ("COpenSSL", "CArgon2", "CCrypt") for word in ("-I", root / "Sources" / library)], "-L", products,
       "-lGrantKit", "-largon2", "-lcrypt", "-Xlinker", f"-rpath={products}", "-o", made / name,
       *sorted((products / "OutsideText.build").glob("*.o")), *sources, f"Benchmarks/{name}.swift")
    return made / name


def signing():
    """Measures a signature against bare calls of OpenSSL, and the verification of a client assertion."""
    for name in ("signing", "verifying"):
        sh("taskset", "-c", server_processor, compiled(name))


def remembering():
    """Measures what a million revocations take in memory."""
    sources = [root / f"Sources/AuthorizationServer/Memory/{name}.swift" for name in ("EndHash", "EndTable", "KnownEnds")]
    sh("swiftc", "-O", "-swift-version", "6", "-parse-as-library", "-package-name", "grantor", "-I", products / "Modules", "-Xcc",
       f"-fmodule-map-file={products}/CPluginABI.build/module.modulemap", "-L", products, "-lGrantKit", "-Xlinker",
       f"-rpath={products}", "-o", made / "remembering", *sources, "Benchmarks/remembering.swift")
    sh(made / "remembering")


def outside(folder, rounds, seconds):
    """Measures what it costs that a plugin from outside has threads of its own: one filter, asked before and after the grant."""
    scratch = made / "policy"
    sh("swift", "build", "-c", "release", "--package-path", "Examples/NetworkPolicy", "--scratch-path", scratch)
    library = scratch / "release/libnetwork-policy.so"
    rows = []
    for name, entries in (
            ("without the plugin", []),
            ("on the event loops", [f"{{ plugin: network-policy, library: {library}, on_event_loop: true }}"]),
            ("on its own threads", [f"{{ plugin: network-policy, library: {library} }}"])):
        server = serve(folder, name, people=0, plugins=entries)
        rows.append(Row(Workload(name, name, name, token("jwt")), server))
    for row in rows:
        row.round(1, Disturbance(), keep=False)
    for _ in range(rounds):
        for row in rows:
            row.round(seconds, Disturbance())
    print("a filter of a plugin from outside, two calls a request")
    for row in rows:
        more = statistics.median(one.processor - bare.processor for one, bare in zip(row.rounds, rows[0].rounds))
        print(f"{row.workload.name:28} {row.median('rate'):9.0f}/s  {row.median('processor'):5.1f} us ({more:+.1f})")
        row.server.stop()


def seconds_to_ready(home, port, *words):
    """Starts our server in a folder, and returns the process and how long it took until it was ready."""
    begin = time.perf_counter()
    process = subprocess.Popen([grantor, "serve", *words], cwd=home, stdout=subprocess.DEVNULL)
    while True:
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{port}/health/ready", timeout=1).read()
            return process, time.perf_counter() - begin
        except OSError:
            if process.poll() is not None:
                raise SystemExit("the server did not start")
            time.sleep(0.0005)


def starts(folder):
    """Measures the default configuration: the time to the first response, with existing keys, and the memory when idle."""
    home, port = folder / "start", free_port()
    home.mkdir()
    (home / "config.yaml").write_text((root / "config.yaml").read_text().replace("8080", str(port)))
    times, sizes = [], []
    for _ in range(12):
        process, seconds = seconds_to_ready(home, port)
        times.append(seconds * 1000)
        sizes.append(memory(process.pid))
        process.terminate()
        process.wait()
    times = times[2:]
    print(f"start to first response: median {statistics.median(times):.0f} ms ({min(times):.0f} to {max(times):.0f}), "
          f"idle {statistics.median(sizes):.0f} MB")
