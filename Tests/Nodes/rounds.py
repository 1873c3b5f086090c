# SPDX-License-Identifier: Apache-2.0
"""One round: load, a fault, recovery, and the comparison of the answers with the store."""

import random
import threading
import time

import checker
from clients import Client, Log, ask_active
from faults import FAULTS
from node import Browser
from signer import Signer


class Watch(threading.Thread):
    """Asks a node again and again whether it is ready."""

    def __init__(self, node):
        super().__init__(daemon=True)
        self.node, self.found, self.is_over = node, [], threading.Event()

    def run(self):
        while not self.is_over.wait(0.05):
            begin = time.monotonic()
            status = self.node.request("GET", "/health/ready").status
            self.found.append((begin, time.monotonic(), status))

    def lies(self, spans):
        for begin, end, node in spans:
            if node in (None, self.node) and any(
                    begin < asked and answered < end and status == 200 for asked, answered, status in self.found):
                yield f"node {self.node.number} said that it was ready while it could not use the database"


class Round:
    """What happens in a round depends on its seed, as far as the machine lets it."""

    clients = 4
    # The longest time in seconds until everything works again.
    recovery = 60

    def __init__(self, seed, faults, cluster, nodes, signer):
        self.seed, self.faults, self.cluster, self.nodes, self.signer = seed, faults, cluster, nodes, signer
        self.random = random.Random(seed)
        self.log, self.seconds = Log(), 0

    def run(self):
        """Returns sentences about what went wrong."""
        start, browser = time.monotonic(), Browser()
        first, second = self.random.sample(self.nodes, 2)
        signed = self.patiently(lambda: browser.sign_in(first, second))
        if "code=" not in (signed.header("location") or ""):
            return [f"a sign-in that began at node {first.number} did not end at node {second.number}: status {signed.status}"]
        # Assertions of this round expire later than those of the rounds before.
        begin = int(time.time()) + 1
        time.sleep(begin - time.time())
        clients = [Client(f"{self.seed}-{number}", f"{self.seed} {number}", self.nodes, self.log, self.signer, browser)
                   for number in range(self.clients)]
        watches = [Watch(node) for node in self.nodes]
        for thread in clients + watches:
            thread.start()
        time.sleep(self.random.uniform(0.3, 1))
        spans = [span for fault in self.faults for span in FAULTS[fault](self.cluster, self.nodes, self.random)]
        self.cluster.settle()
        found = self.recovered()
        time.sleep(0.3)
        for thread in clients + watches:
            thread.is_over.set()
        for thread in clients + watches:
            thread.join()
        found += [f"a client failed: {client.failure!r}" for client in clients if client.failure]
        for watch in watches:
            found += watch.lies(spans)
        found += self.replayed(begin)
        self.seconds = time.monotonic() - start
        statuses = {status: sum(entry.status == status for entry in self.log.entries) for status in (200, 400, 401, 503, 0)}
        print(f"seed {self.seed}  {' + '.join(self.faults)}  {statuses}  {self.seconds:.1f} s  {'ok' if not found else 'WRONG'}", flush=True)
        return found

    def patiently(self, ask):
        """The answer to a request, which is repeated while a machine that is too busy makes the database time out."""
        end = time.monotonic() + self.recovery
        answer = ask()
        while answer.status == 503 and time.monotonic() < end:
            time.sleep(0.2)
            answer = ask()
        return answer

    def recovered(self):
        return [f"node {node.number} did not recover within {self.recovery} s: see {node.log}"
                for node in self.nodes if not node.becomes_ready(self.recovery)]

    def used(self, begin):
        """The number of assertions of this round that the store knows to be used; it keeps them for two minutes longer."""
        least = begin + Signer.lifetime + 120
        return int(self.cluster.sql(
            f"SELECT count(*) FROM grantor.grantor_record WHERE collection = 'used_jwt' AND expires_at >= {least}", "grantor"))

    def replayed(self, begin):
        # Every token once more, at every node.
        for token in checker.tokens(self.log.entries):
            for node in self.nodes:
                answer = self.patiently(lambda node=node, token=token: ask_active(self.log, node, token)[0])
                if answer.status != 200:
                    return [f"node {node.number} did not answer after the round: status {answer.status}"]
        return checker.violations(self.log.entries) + list(checker.stored(self.log.entries, self.used(begin)))
