# SPDX-License-Identifier: Apache-2.0
"""The load generators: wrk and h2load for as much as a server can do, and 'openloop.c' for a fixed rate."""
import dataclasses, functools, http.client, os, re, ssl, subprocess, tempfile
from machine import c_program, load_processor, root


@dataclasses.dataclass
class Figures:
    """What one round measured: responses or flows a second, microseconds of processor time for each, and ms."""
    rate: float
    processor: float
    p99: float
    p999: float = 0


def text(requests):
    return "\0".join(one if isinstance(one, str) else one.raw() for one in requests)


def run(*command, **environment):
    command = ["taskset", "-c", load_processor, *(str(word) for word in command)]
    return subprocess.run(command, check=True, capture_output=True, text=True, env={**os.environ, **environment}).stdout


def milliseconds(number, unit):
    return float(number) * {"us": 0.001, "ms": 1, "s": 1000}[unit]


def wrk(server, requests, seconds, connections=32, script="requests.lua", once=False, **environment):
    """Sends requests for as long, and returns the rate, the number of responses and the 99th percentile."""
    with tempfile.NamedTemporaryFile("w", newline="") as file:
        file.write(text(requests))
        file.flush()
        if once:
            environment["ONCE"] = "1"
        out = run("wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--latency", "-s", root / "Benchmarks" / script,
                  server.url, REQUESTS=file.name, **environment)
    found = re.search(r"(\d+) requests in ([\d.]+)(us|ms|s)", out)
    count, took = int(found[1]), milliseconds(found[2], found[3]) / 1000
    refused = sum(int(n) for n in re.findall(r"(?:Non-2xx or 3xx responses: |failed )(\d+)", out))
    # A round that ends with its last value sends that once more on each connection.
    if refused > (connections if once else 0):
        raise SystemExit(f"{server.name}: {refused} responses were not what they should be\n{out}")
    if counted := re.search(r"counted (\d+)", out):
        count = int(counted[1])
    return count / took, count, milliseconds(*re.search(r"99%\s+([\d.]+)(us|ms|s)", out).groups())


def take(server, request, pattern, count, connections=32):
    """Repeats a request until so many responses had what the pattern captures, and returns what it captured. The pattern
    means the same in Lua."""
    if count <= connections:
        # Too few for wrk: it would be done before it waits for the interrupt.
        answers = [ask(server, request) for _ in range(count)]
        return [re.search(pattern, body + (headers["Location"] or ""))[1] for _, headers, body in answers]
    with tempfile.NamedTemporaryFile("r") as taken:
        wrk(server, [request], 600, connections, TAKE=pattern, TAKEN=taken.name, COUNT=str(count))
        return taken.read().split()


def h2load(server, request, count, connections=32):
    """The same with HTTP/2, ten requests at once on each connection, for a number of requests."""
    with tempfile.TemporaryDirectory() as folder:
        log, body = f"{folder}/log", f"{folder}/body"
        more = [word for name, value in request.headers for word in ("-H", f"{name}: {value}")]
        if request.method == "POST":
            with open(body, "w") as file:
                file.write(request.body)
            more += ["-d", body]
        out = run("h2load", f"-c{connections}", "-m10", "-t1", f"-n{count}", f"--log-file={log}", *more, server.url + request.path)
        with open(log) as file:
            rows = [line.split("\t") for line in file]
    if len(rows) != count or any(row[1] != "200" for row in rows):
        raise SystemExit(f"{server.name}: not every response was 200\n{out}")
    times = sorted(int(row[2]) / 1000 for row in rows)
    took = milliseconds(*re.search(r"finished in ([\d.]+)(us|ms|s)", out).groups()) / 1000
    return count / took, count, times[count * 99 // 100]


@functools.cache
def generator():
    return c_program("openloop")


def start_open_loop(server, requests, rate, seconds, connections=64):
    """Starts requests at fixed times, whether or not the server keeps up. Ask 'open_loop_figures' for the result."""
    file = tempfile.NamedTemporaryFile("w", newline="")
    file.write(text(requests))
    file.flush()
    process = subprocess.Popen(
        ["taskset", "-c", load_processor, str(generator()), str(server.port), file.name, str(rate), str(seconds), str(connections)],
        stdout=subprocess.PIPE, text=True)
    process.requests = file
    return process


def open_loop_figures(process):
    """The number of responses and of failures, and the percentiles 50, 99, 99.9 and 100 in ms."""
    out, _ = process.communicate()
    process.requests.close()
    if process.returncode:
        raise SystemExit(f"the open loop failed\n{out}")
    return [float(word) for word in out.split()]


def ask(server, request):
    """Sends one request and returns the status, the headers and the body."""
    if server.scheme == "https":
        connection = http.client.HTTPSConnection("127.0.0.1", server.port, context=ssl._create_unverified_context())
    else:
        connection = http.client.HTTPConnection("127.0.0.1", server.port)
    connection.request(request.method, request.path, request.body or None, dict(request.headers))
    answer = connection.getresponse()
    body = answer.read().decode()
    connection.close()
    return answer.status, answer.headers, body
