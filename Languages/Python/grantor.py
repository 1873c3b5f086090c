# SPDX-License-Identifier: Apache-2.0
"""Writes a plugin of Grantor in Python: the client of Docs/PluginProtocol.md, in one file without dependencies.

A plugin serves one call after the other. For calls at the same time, set 'instances' in the configuration.
"""
import hashlib
import json
import socket
import struct
import sys
import time
import traceback
from base64 import urlsafe_b64encode
from collections import deque

PROTOCOL = 1
LARGEST = 1 << 20
LARGEST_ANSWER = 2 << 20


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
    data = json.dumps(message, separators=(",", ":"), ensure_ascii=False, allow_nan=False).encode()
    if len(data) > largest:
        raise ValueError(f"a message of {len(data)} bytes is larger than {largest}")
    return struct.pack(">I", len(data)) + data


class Host:
    """The services of the server, during a call."""

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
        self._functions = {"check_attributes": self._check_attributes}
        self._checks = {}
        self._waiting = deque()
        self._asked = 0
        self._socket = None
        self._buffer = bytearray()

    def setting(self, key, type, **more):
        """Declares a setting; its value is in 'settings' once the server has started the plugin."""
        self.form["settings"].append({"key": key, "type": type, **more})
        if "default" in more:
            self.settings[key] = more["default"]

    def attribute(self, name, default, under=None, check=None, **more):
        """Declares a client attribute.

        Give 'type', or 'check': a function that returns what is wrong with a value, such as "must be even", or None.
        """
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

    def run(self):
        """Serves calls until the server closes the socket."""
        self._socket = socket.socket(fileno=3)
        try:
            while True:
                message = self._waiting.popleft() if self._waiting else self._receive()
                if "call" in message:
                    self._socket.sendall(self._answer(message))
        except EOFError:
            sys.exit(0)

    def _answer(self, message):
        """The frame of an answer, which is a failure if the output is no JSON or does not fit into a frame."""
        answer = {"answer": message["call"]}
        try:
            return _frame({**answer, "output": self._call(message)}, LARGEST_ANSWER)
        except Refusal as refusal:
            answer["error"] = refusal.form
        except Unavailable as error:
            answer["unavailable"] = str(error)
        except Abandoned as error:
            answer["abandoned"] = str(error)
        except EOFError:
            raise
        except Exception as error:
            traceback.print_exc()
            report = f"{type(error).__name__}: {error}"[:2000]
            answer["failure"] = report.encode(errors="replace").decode()
        return _frame(answer)

    def _call(self, message):
        function, given = message["function"], message.get("input")
        if function == "describe":
            if given["protocol"] != PROTOCOL:
                raise ValueError(f"this plugin speaks version {PROTOCOL} of the protocol, not {given['protocol']}")
            self.settings.update(given["settings"])
            return self.form
        served = self._functions.get((function, message["role"]) if "role" in message else function)
        if served is None:
            return None
        return served(given, Host(self, message["call"]))

    def _ask(self, call, function, given):
        self._asked += 1
        self._socket.sendall(_frame({"ask": self._asked, "for": call, "function": function, "input": given}))
        while True:
            message = self._receive()
            if message.get("function") == "check_attributes":
                # The reply may wait for it, if it is about a client.
                self._socket.sendall(self._answer(message))
            elif message.get("reply") != self._asked:
                self._waiting.append(message)
            elif "error" in message:
                raise Refusal(**message["error"])
            elif "unavailable" in message:
                raise Unavailable(message["unavailable"])
            elif "refused" in message:
                raise HostError(message["refused"])
            else:
                return message["output"]

    def _receive(self):
        buffer = self._buffer
        while True:
            if len(buffer) >= 4:
                end = 4 + struct.unpack_from(">I", buffer)[0]
                if len(buffer) >= end:
                    data = bytes(buffer[4:end])
                    del buffer[:end]
                    return json.loads(data)
            received = self._socket.recv(65536)
            if not received:
                raise EOFError
            buffer += received
