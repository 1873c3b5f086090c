# SPDX-License-Identifier: Apache-2.0
"""A grant that misbehaves as the parameter 'do' says; it speaks the protocol by hand, so that it can break it.

While the file exists that its argument names, it ends when it is asked to describe itself.
"""
import ctypes
import errno
import fcntl
import json
import os
import signal
import socket
import struct
import sys
import threading
import time

server = socket.socket(fileno=3)
SLOW = {"method": "GET", "url": "https://slow.example"}
DESCRIPTION = {
    "protocol": 1, "summary": "misbehaves", "host_calls": ["store.read", "store.write", "outbound.send"],
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
    """Makes a host call, outside of any call without a number."""
    belonging = {} if call is None else {"for": call}
    server.sendall(frame({"ask": 1, **belonging, "function": function, "input": given}))
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


def failing(call):
    """Whether a function fails with an error of the system."""
    try:
        return call() == -1
    except OSError:
        return True


def escapes():
    """What the system allows and should not."""
    system = ctypes.CDLL(None)
    system.mmap.restype = ctypes.c_ssize_t
    own = os.open(__file__, os.O_RDONLY)
    private, grows_down = 0x22, 0x100
    tried = {
        "fchmodat2": lambda: system.syscall(452, -100, __file__.encode(), 0o644, 0),
        "surviving the server": lambda: system.prctl(1, 0, 0, 0, 0),
        "locks": lambda: fcntl.lockf(own, fcntl.LOCK_SH | fcntl.LOCK_NB),
        "flock": lambda: fcntl.flock(own, fcntl.LOCK_EX | fcntl.LOCK_NB),
        "leases": lambda: fcntl.fcntl(own, fcntl.F_SETLEASE, fcntl.F_RDLCK),
        "owners of descriptors": lambda: fcntl.fcntl(own, fcntl.F_SETOWN, os.getppid()),
        "attributes of files": lambda: fcntl.ioctl(own, 0x80086601, bytearray(8)),
        "memory like a stack": lambda: system.mmap(None, ctypes.c_size_t(1 << 30), 3, private | grows_down, -1, 0),
        "shared memory": lambda: system.mmap(None, ctypes.c_size_t(4096), 3, 0x21, -1, 0),
        "memfd": lambda: os.memfd_create("x"),
        "sessions": os.setsid,
        "signals": lambda: os.kill(os.getppid(), 0),
        "io_uring": lambda: system.syscall(425, 8, ctypes.create_string_buffer(120)),
        "bpf": lambda: system.syscall(321, 0, 0, 0),
        "clone3": lambda: system.syscall(435, 0, 0),
        "the x32 interface": lambda: system.syscall(0x40000000 | 39),
        "namespaces": lambda: system.unshare(0x10000000),
        "chmod": lambda: os.chmod(__file__, 0o644),
        "truncate": lambda: os.truncate(__file__, os.path.getsize(__file__)),
        "links": lambda: os.link(__file__, __file__ + ".link"),
        "other limits": lambda: system.prlimit(os.getppid(), 7, None, ctypes.create_string_buffer(16)),
    }
    return [name for name, call in tried.items() if not failing(call)]


def later():
    """Writes a record once the call has been answered."""
    def write():
        time.sleep(0.5)
        record = {"key": ["own", "later"], "value": {}, "expires_at": 9999999999}
        given = {"writes": [{"write": "create", "record": record}]}
        server.sendall(frame({"ask": 1, "function": "store.write", "input": given}))
    threading.Thread(target=write, daemon=True).start()


def raw(text):
    """Sends the bytes of an answer, none of which were made by a library for JSON."""
    server.sendall(struct.pack(">I", len(text)) + text)


def without_reading(call, function, size=0):
    """Makes host calls without end, and never reads a reply."""
    asked = frame({"ask": 1, "for": call, "function": function, "input": {**SLOW, "pad": "x" * size}})
    while True:
        server.sendall(asked)


FAULTS = {
    "close_output": lambda: (os.close(1), os.close(2)), "unread_late": lambda: without_reading(1, "store.read"),
    "abort": os.abort, "exit": lambda: os._exit(3), "hang": lambda: time.sleep(3600),
    "nap": lambda: time.sleep(0.5),
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
    "surrogate": lambda: raw(b'{"answer":3,"output":{"client":"\\ud83d"}}'),
    "swapped": lambda: raw(b'{"answer":3,"output":{"client":"\\ude00\\ud83d"}}'),
    "encoded_surrogate": lambda: raw(b'{"answer":3,"output":{"client":"\xed\xa0\xbd"}}'),
    "overlong": lambda: raw(b'{"answer":3,"output":{"client":"\xc0\x80"}}'),
    "control": lambda: raw(b'{"answer":3,"output":{"client":"a\x00"}}'),
    "large_ask": lambda: server.sendall(frame({"ask": 1, "function": "digest", "input": {"text": "x" * (3 << 19)}})),
    "huge_answer": lambda: server.sendall(frame({"answer": 3, "output": {"pad": "x" * (2 << 20)}})),
    "later": later,
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
            server.sendall(frame({"ask": place, "for": number, "function": "outbound.send", "input": SLOW}))
    elif do == "own":
        record = {"key": ["own", "x"], "value": {"n": 1}, "expires_at": 9999999999}
        wrote = ask(None, "store.write", {"writes": [{"write": "create", "record": record}]})
        raise ValueError(json.dumps([wrote["output"], ask(None, "store.read", {"keys": [["own", "x"]]})["output"]]))
    elif do == "own_undeclared":
        raise ValueError(ask(None, "users.find", {"id": "ann"}).get("refused"))
    elif do == "own_foreign":
        raise ValueError(ask(None, "store.read", {"keys": [["session", "x"]]}).get("refused"))
    elif do == "own_many":
        for place in range(65):
            server.sendall(frame({"ask": place, "function": "outbound.send", "input": SLOW}))
    elif do == "own_hang":
        server.sendall(frame({"ask": 2, "function": "outbound.send", "input": SLOW}))
        time.sleep(3600)
    elif do == "own_slow":
        server.sendall(frame({"ask": 2, "function": "outbound.send", "input": SLOW}))
        raise ValueError(json.dumps(ask(None, "store.read", {"keys": []})))
    elif do == "large_answer":
        given["pad"] = "x" * (3 << 19)
    elif do == "heavy":
        without_reading(number, "outbound.send", 1 << 19)
    elif do == "unread":
        without_reading(number, "nothing" * 100)
    elif do == "slow_host":
        raise ValueError(ask(number, "outbound.send", SLOW))
    elif do == "escape":
        raise ValueError(f"allowed: {escapes()}")
    elif do == "long_report":
        raise ValueError("x" * 500000)
    elif do == "who":
        raise ValueError(f"pid {os.getpid()} user {os.getuid()} {os.getgid()} {os.getgroups()}")
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
                if "early" in sys.argv and message.get("now") is not None:
                    reply = ask(None, "store.read", {"keys": []})
                    print("before the start:", reply.get("refused"), flush=True)
                if any(map(os.path.exists, sys.argv[1:])):
                    os._exit(4)
                answer["output"] = DESCRIPTION
            elif message["function"] == "authorize":
                answer["output"] = output(message)
        except (ValueError, OSError, MemoryError, RecursionError) as error:
            answer = {"answer": message["call"], "failure": f"{type(error).__name__}: {error}"}
        server.sendall(frame(answer))


main()
