# SPDX-License-Identifier: Apache-2.0
"""Writes a plugin of Grantor in Python: the client of Docs/PluginProtocol.md, in one file without dependencies.

A plugin serves one call after the other. For calls at the same time, set 'instances' in the configuration.
"""
import hashlib
import itertools
import json
import socket
import struct
import sys
import threading
import time
import traceback
from base64 import urlsafe_b64encode
from collections import deque

PROTOCOL = 1
LARGEST = 1 << 20
LARGEST_ANSWER = 2 << 20
# What may wait for replies without belonging to a call: the server ends a process that has more.
MOST_OWN = 64
MOST_OWN_BYTES = 4 << 20

# Made once, since 'json.dumps' makes an encoder for each message. What contains itself is nested too deep in any case.
_encode = json.JSONEncoder(separators=(",", ":"), ensure_ascii=False, allow_nan=False, check_circular=False).encode
_decode = json.JSONDecoder().raw_decode
_length = struct.Struct(">I")


class Refusal(Exception):
    """A refusal that the client learns of: an error code of OAuth and its description (RFC 6749 section 5.2)."""

    def __init__(self, code, description="", reason=None, status=None, headers=None):
        super().__init__(code)
        self.form = {"code": code, "description": description}
        for name, value in (("reason", reason), ("status", status), ("headers", headers)):
            if value is not None:
                self.form[name] = value


class Unavailable(Exception):
    """The store or another service of the server failed and may work later; the client is told to try again."""


class Abandoned(Exception):
    """A job that can never succeed."""


class HostError(Exception):
    """The server refused a host call, because the plugin made a mistake."""


def invalid_grant(reason):
    """The refusal of a grant that is unknown, expired, revoked or another client's; only the log has the reason."""
    return Refusal("invalid_grant", "the grant is invalid, expired or revoked", reason)


def parameter(name, required=False, repeatable=False, longest=2048, secret=False, example=None):
    """Declares a request parameter."""
    form = {"name": name, "required": required, "repeatable": repeatable, "longest": longest, "secret": secret}
    return form if example is None else {**form, "example": example}


def digest(text):
    """The SHA-256 digest of a string in base64url, by which secrets are stored."""
    return urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b"=").decode()


def first(request, name):
    """The first value of a request's parameter; None if it was not sent."""
    return next((value for key, value in request["parameters"] if key == name), None)


def authorization(request, writes=(), user=None):
    """What is granted: all that the client may have, to the client itself or to a user."""
    allowed = request["allowed"]
    form = {"v": 1, "scope": " ".join(allowed["scope"]), "aud": allowed["audience"],
            "refresh": allowed.get("may_refresh", False), "writes": list(writes)}
    form["user" if user else "client"] = user or request["client"]["id"]
    if "not_after" in allowed:
        form["exp"] = allowed["not_after"]
    return form


def _frame(message, largest=LARGEST):
    data = _encode(message).encode()
    if len(data) > largest:
        raise ValueError(f"a message of {len(data)} bytes is larger than {largest}")
    return _length.pack(len(data)) + data


class Host:
    """The services of the server: during a call, or as the plugin's 'host' at any time after the start."""

    def __init__(self, plugin, call):
        self._plugin, self._call = plugin, call

    def ask(self, function, **given):
        """Makes any host call that the plugin has declared."""
        return self._plugin._ask(self._call, function, given)

    def read(self, *keys):
        """The records with several keys; None for a key without one."""
        return self.ask("store.read", keys=keys)

    def write(self, *writes):
        """Commits all writes or none; returns {} or {"conflict": index, "found": record}."""
        return self.ask("store.write", writes=writes)

    def increment(self, key, expires_at):
        """Adds one to a counter and returns its value."""
        return self.ask("store.increment", key=key, expires_at=expires_at)

    def log(self, level, message, **values):
        """Writes a line to the server's log."""
        self.ask("log", level=level, message=message, values=values)

    @staticmethod
    def now():
        """The time in seconds."""
        return int(time.time())


class Plugin:
    """A plugin: declare what it adds, then call 'run'."""

    def __init__(self, version="1.0.0", summary="", specification="", host_calls=()):
        self.form = {"protocol": PROTOCOL, "version": version, "summary": summary, "specification": specification,
                     "host_calls": list(host_calls), "collections": [], "settings": []}
        self.settings = {}
        self.host = Host(self, None)
        self._functions = {"describe": self._describe, "check_attributes": self._check_attributes}
        self._checks = {}
        # The call that is served, and the thread that serves calls.
        self._call = self._thread = None
        self._numbers = itertools.count(1)
        # The sizes of host calls without a call that wait for their replies, by number.
        self._own = {}
        self._socket = None
        self._sending = threading.Lock()
        # What has arrived: one of the threads that wait for something reads for all of them.
        self._arrived = threading.Condition()
        self._is_read = False
        self._rest = b""
        self._calls, self._urgent, self._replies = deque(), deque(), {}

    def setting(self, key, type, **more):
        """Declares a setting; its value is in 'settings' once the server has started the plugin."""
        self.form["settings"].append({"key": key, "type": type, **more})
        if "default" in more:
            self.settings[key] = more["default"]

    def attribute(self, name, default, under=None, check=None, **more):
        """Declares a client attribute.

        Give 'type', or 'check': a function that returns what is wrong with a value, such as "must be even", or None. It
        may run on any thread that waits for a host call.
        """
        if ("type" in more) == (check is not None):
            raise ValueError(f"the attribute '{name}' needs either 'type', or 'check' to check its values")
        form = {"name": name, "default": default, **more}
        self.form.setdefault("attributes", []).append(form if under is None else {**form, "under": under})
        self._checks[name, under] = check

    def _check_attributes(self, given, host):
        return {"problems": [self._checks[value["name"], value.get("under")](value["value"])
                             for value in given["values"]]}

    def collection(self, name, indexes=(), durability="durable", retention=0):
        """Declares a collection of records; returns a function that makes its keys."""
        self.form["collections"].append(
            {"name": name, "indexes": list(indexes), "durability": durability, "retention": retention})
        return lambda id: [name, id]

    def add(self, list_name, form, **functions):
        """Adds a role with the functions of the protocol that serve it."""
        roles = self.form.setdefault(list_name, [])
        roles.append(form)
        for name, function in functions.items():
            self._functions[name, len(roles) - 1] = function

    def grant(self, grant_type, key=None, parameters=(), client="confidential", **more):
        """Adds the decorated function, which takes a request and the host, as a grant."""
        form = {"grant_type": grant_type, "key": key or grant_type, "client": client,
                "parameters": list(parameters), **more}
        return lambda function: self.add("grants", form, authorize=function)

    def on_start(self, function):
        """Has the decorated function called, with the host, when the server starts the plugin.

        Threads begin here, since commands run the program without starting the plugin. They use the plugin's 'host'.
        """
        def start(given, host):
            function(host)

        self._functions["start"] = start
        return function

    def run(self):
        """Serves calls until the server closes the socket."""
        self._socket = socket.socket(fileno=3)
        self._thread = threading.get_ident()
        try:
            while True:
                message = self._next()
                self._call = message["call"]
                self._serve(message)
        except ConnectionError:
            sys.exit(0)

    # Calls.

    def _serve(self, message):
        """Answers a call: with a failure if its output is no JSON or does not fit into a frame."""
        number = message["call"]
        try:
            frame = self._answer(number, message)
        except Exception as error:
            traceback.print_exc()
            report = f"{type(error).__name__}: {error}"[:2000]
            frame = _frame({"answer": number, "failure": report.encode(errors="replace").decode()})
        self._send(frame)

    def _answer(self, number, message):
        try:
            return _frame({"answer": number, "output": self._output(message)}, LARGEST_ANSWER)
        except Refusal as refusal:
            return _frame({"answer": number, "error": refusal.form})
        except Unavailable as error:
            return _frame({"answer": number, "unavailable": str(error)})
        except Abandoned as error:
            return _frame({"answer": number, "abandoned": str(error)})

    def _output(self, message):
        function = message["function"]
        served = self._functions.get((function, message["role"]) if "role" in message else function)
        return served(message.get("input"), Host(self, message["call"])) if served else None

    def _describe(self, given, host):
        if given["protocol"] != PROTOCOL:
            raise ValueError(f"this plugin speaks version {PROTOCOL} of the protocol, not {given['protocol']}")
        self.settings.update(given["settings"])
        return self.form

    # Host calls.

    def _ask(self, call, function, given):
        if self._socket is None:
            raise HostError("host calls are possible once the server has started the plugin")
        if call is None and self._thread == threading.get_ident():
            # Only the function of a call can be here, and it answers no other call while it waits.
            call = self._call
        number = next(self._numbers)
        message = {"ask": number, "function": function, "input": given}
        if call is None:
            return self._ask_freely(number, _frame(message))
        self._send(_frame({**message, "for": call}))
        return self._reply(number)

    def _ask_freely(self, number, frame):
        """Makes a host call that belongs to no call, as soon as few enough of them wait."""
        with self._arrived:
            self._arrived.wait_for(lambda: len(self._own) < MOST_OWN
                                   and sum(self._own.values()) + len(frame) <= MOST_OWN_BYTES)
            self._own[number] = len(frame)
        try:
            self._send(frame)
            return self._reply(number)
        finally:
            with self._arrived:
                del self._own[number]
                self._arrived.notify_all()

    def _reply(self, number):
        while "call" in (message := self._next(number)):
            self._serve(message)
        if "error" in message:
            error = message["error"]
            known = ("code", "description", "reason", "status", "headers")
            raise Refusal(**{name: error[name] for name in known if name in error})
        if "unavailable" in message:
            raise Unavailable(message["unavailable"])
        if "refused" in message:
            raise HostError(message["refused"])
        return message["output"]

    # Messages.

    def _next(self, number=None):
        """Waits for the reply to a host call, or for a call; maybe the reply waits for the check of an attribute."""
        with self._arrived:
            while (message := self._take(number)) is None:
                if self._is_read:
                    self._arrived.wait()
                else:
                    self._read()
            return message

    def _take(self, number):
        if self._urgent:
            return self._urgent.popleft()
        if number is None:
            return self._calls.popleft() if self._calls else None
        return self._replies.pop(number, None)

    def _read(self):
        """Receives a message for one of the threads that wait, without holding up the others."""
        self._is_read = True
        self._arrived.release()
        try:
            message = self._receive()
        finally:
            self._arrived.acquire()
            self._is_read = False
            self._arrived.notify_all()
        if "reply" in message:
            self._replies[message["reply"]] = message
        elif "call" in message:
            (self._urgent if message["function"] == "check_attributes" else self._calls).append(message)

    def _receive(self):
        # Usually exactly one frame arrives, and nothing is copied but its JSON.
        received = self._rest
        while len(received) < 4 or len(received) < (end := 4 + _length.unpack_from(received)[0]):
            more = self._socket.recv(65536)
            if not more:
                # The server has closed the socket. On another thread than the first, this ends only the thread.
                sys.exit(0)
            received += more
        self._rest = received[end:]
        return _decode(received[4:end].decode().lstrip())[0]

    def _send(self, frame):
        with self._sending:
            self._socket.sendall(frame)
