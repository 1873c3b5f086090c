# SPDX-License-Identifier: Apache-2.0
"""A grant that misbehaves as the parameter 'do' says; it speaks the protocol by hand, so that it can break it."""
import json
import os
import signal
import socket
import struct
import sys
import time

server = socket.socket(fileno=3)
DESCRIPTION = {
    "protocol": 1, "summary": "misbehaves", "host_calls": ["store.read", "store.write"],
    "collections": [{"name": "own"}],
    "grants": [{"grant_type": "fault", "parameters": [{"name": "do"}, {"name": "pad", "longest": 65000}]}],
}


def frame(message):
    data = json.dumps(message).encode()
    return struct.pack(">I", len(data)) + data


def receive():
    data = b""
    while len(data) < 4:
        data += server.recv(4 - len(data)) or sys.exit(0)
    length, data = struct.unpack(">I", data)[0], b""
    while len(data) < length:
        data += server.recv(length - len(data)) or sys.exit(0)
    return json.loads(data)


def ask(call, function, given):
    server.sendall(frame({"ask": 1, "for": call, "function": function, "input": given}))
    while True:
        message = receive()
        if "reply" in message:
            return message


def overflow():
    nested = []
    for _ in range(1000000):
        nested = [nested]
    sys.setrecursionlimit(1 << 30)
    repr(nested)


def open_files():
    kept = []
    while len(kept) < 10000:
        kept.append(open("/dev/null"))


def fill():
    kept = []
    while len(kept) < 512:
        kept.append(bytearray(16 << 20))


def fork():
    if os.fork() == 0:
        time.sleep(3600)


def write_file():
    open("/tmp/grantor-plugin-wrote", "w")


FAULTS = {
    "abort": os.abort, "exit": lambda: os._exit(3), "hang": lambda: time.sleep(3600),
    "stop": lambda: os.kill(os.getpid(), signal.SIGSTOP), "overflow": overflow, "fill": fill, "files": open_files,
    "fork": fork, "exec": lambda: os.execv("/bin/true", ["true"]), "connect": lambda: socket.socket(),
    "write_file": write_file, "kill_server": lambda: os.kill(os.getppid(), signal.SIGTERM),
    "read_server": lambda: open(f"/proc/{os.getppid()}/environ").read() + open(f"/proc/{os.getppid()}/mem").read(1),
    "half": lambda: (server.sendall(struct.pack(">I", 500) + b"{"), os._exit(0)),
    "half_hang": lambda: (server.sendall(struct.pack(">I", 500) + b"{"), time.sleep(3600)),
    "gigabyte": lambda: (server.sendall(struct.pack(">I", 1 << 30) + b" " * 1000), time.sleep(3600)),
    "empty": lambda: server.sendall(struct.pack(">I", 0)),
    "not_json": lambda: server.sendall(struct.pack(">I", 4) + b"{no}"),
    "not_object": lambda: server.sendall(frame([1])),
    "deep": lambda: server.sendall(struct.pack(">I", 2000) + b"[" * 2000),
    "stranger": lambda: server.sendall(frame({"answer": 4242, "output": {}})),
    "ask_stranger": lambda: server.sendall(frame({"ask": 9, "for": 4242, "function": "store.read", "input": {}})),
    "print": lambda: print("stray output\nof a plugin", flush=True),
    "flood": lambda: [print("x" * 1000) for _ in range(2000)],
}


def output(message):
    do = dict(message["input"]["parameters"]).get("do", "nothing")
    number = message["call"]
    given = {"v": 1, "client": message["input"]["client"]["id"], "scope": "read"}
    if do in FAULTS:
        FAULTS[do]()
    elif do == "twice":
        server.sendall(frame({"answer": number, "output": given}))
    elif do == "malformed":
        return {"v": 1}
    elif do == "undeclared":
        raise ValueError(ask(number, "users.find", {"id": "ann"}).get("refused"))
    elif do == "foreign":
        raise ValueError(ask(number, "store.read", {"keys": [["session", "x"]]}).get("refused"))
    elif do == "foreign_write":
        given["writes"] = [{"write": "delete", "key": ["session", "x"]}]
    elif do == "many":
        for place in range(100):
            server.sendall(frame({"ask": place, "for": number, "function": "store.read", "input": {"keys": []}}))
    elif do == "pid":
        raise ValueError(f"pid {os.getpid()}, environment {sorted(os.environ)}, files {sorted(os.listdir('/proc/self/fd'))}")
    return given


def main():
    while True:
        message = receive()
        if "call" not in message:
            continue
        answer = {"answer": message["call"], "output": None}
        try:
            if message["function"] == "describe":
                answer["output"] = DESCRIPTION
            elif message["function"] == "authorize":
                answer["output"] = output(message)
        except (ValueError, OSError, MemoryError, RecursionError) as error:
            answer = {"answer": message["call"], "failure": f"{type(error).__name__}: {error}"}
        server.sendall(frame(answer))


main()
