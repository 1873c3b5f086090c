# SPDX-License-Identifier: Apache-2.0
"""Clients that send requests to all nodes at once and write down every answer."""

import concurrent.futures
import dataclasses
import random
import threading
import time

from node import basic

ASSERTION = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"


@dataclasses.dataclass
class Entry:
    """A request and its answer."""
    # What was done: issue, rotate, redeem, assert, introspect or revoke.
    kind: str
    # What it was done to: the token, code or assertion; empty for 'issue'.
    value: str
    node: int
    begin: float
    end: float
    status: int
    # Whether an answer that must say so told the client to try again.
    retry_after: str | None
    error: str | None = None
    access: str | None = None
    refresh: str | None = None
    active: bool | None = None


class Log:
    """The answers of one run, in the order in which they arrived."""

    def __init__(self):
        self.lock = threading.Lock()
        self.entries = []

    def add(self, kind, value, node, ask):
        begin = time.monotonic()
        answer = ask()
        entry = Entry(
            kind, value, node.number, begin, time.monotonic(), answer.status, answer.header("retry-after"), answer["error"],
            answer["access_token"], answer["refresh_token"], answer["active"] if kind == "introspect" else None)
        with self.lock:
            self.entries.append(entry)
        return answer, entry


class Client(threading.Thread):
    """Does one thing after another until it is told to stop."""

    # How many requests with one value for one use are sent at the same time.
    racers = 4

    def __init__(self, name, seed, nodes, log, signer, browser):
        super().__init__(name=name, daemon=True)
        self.random, self.nodes, self.log, self.signer, self.browser = random.Random(seed), nodes, log, signer, browser
        self.is_over = threading.Event()
        self.access, self.refresh = [], []
        self.failure = None

    def run(self):
        try:
            with concurrent.futures.ThreadPoolExecutor(self.racers) as self.pool:
                while not self.is_over.is_set():
                    self.random.choice([self.issue, self.rotate, self.rotate, self.redeem, self.use, self.introspect,
                                        self.introspect, self.revoke])()
        except Exception as error:  # pylint: disable=broad-except
            self.failure = error

    @property
    def node(self):
        return self.random.choice(self.nodes)

    def keep(self, answer):
        if answer.status == 200:
            self.access.append(answer["access_token"])
            if answer["refresh_token"]:
                self.refresh.append(answer["refresh_token"])

    def take(self, tokens):
        return tokens.pop(self.random.randrange(len(tokens))) if tokens else None

    # what clients do

    def issue(self):
        node = self.node
        answer, _ = self.log.add("issue", "", node, lambda: node.token({"grant_type": "client_credentials"}, "service"))
        self.keep(answer)

    def race(self, kind, value, form, client, count):
        """Sends one form several times at once, to one node after another."""
        first = self.random.randrange(len(self.nodes))
        nodes = [self.nodes[(first + number) % len(self.nodes)] for number in range(count)]
        asks = [self.pool.submit(self.log.add, kind, value, node, lambda node=node: node.token(form, client)) for node in nodes]
        for ask in asks:
            answer, _ = ask.result()
            # What was raced for is revoked when a second request arrives.
            if count == 1:
                self.keep(answer)

    def rotate(self):
        token = self.take(self.refresh)
        if token:
            form = {"grant_type": "refresh_token", "refresh_token": token}
            self.race("rotate", token, form, "service", self.random.choice([1, 1, self.racers]))

    def redeem(self):
        _, code = self.browser.code(self.node)
        if code:
            self.race("redeem", code, {"grant_type": "authorization_code", "code": code}, "app", self.racers)

    def use(self):
        assertion = self.signer.assertion(f"{self.name}-{self.random.getrandbits(64):x}")
        form = {"grant_type": "client_credentials", "client_assertion": assertion, "client_assertion_type": ASSERTION}
        self.race("assert", assertion, form, None, self.racers)

    def introspect(self):
        if self.access:
            ask_active(self.log, self.node, self.random.choice(self.access))

    def revoke(self):
        if len(self.access) > 4:
            node, token = self.node, self.random.choice(self.access)
            self.log.add("revoke", token, node, lambda: node.request("POST", "/auth/revoke", {"token": token}, basic("service")))


def ask_active(log, node, token):
    """Asks a node whether a token is active."""
    return log.add("introspect", token, node, lambda: node.request("POST", "/auth/introspect", {"token": token}, basic("service")))
