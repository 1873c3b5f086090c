# SPDX-License-Identifier: Apache-2.0
"""The network between the nodes and the database, which can be cut for one node.

Where the script may create namespaces, the database is in one of its own, and each node has a cable to it. Packets on a
cable that is cut are lost without a word. Everywhere else, each node has a proxy, which then keeps what it receives.
"""

import os
import pathlib
import selectors
import shutil
import socket
import subprocess
import sys
import threading

INSIDE = "GRANTOR_NODES_NAMESPACE"


def isolate():
    """Runs the script again in namespaces of its own, where its network and its disks end with it.

    Returns why that is not possible, or None if it has happened.
    """
    if os.environ.get(INSIDE):
        return None
    if not shutil.which("unshare") or not shutil.which("ip"):
        return "the packages 'util-linux' and 'iproute2' are missing"
    probe = "ip link set lo up && ip link add one type veth peer name two && mount -t tmpfs none /mnt"
    tried = subprocess.run(["unshare", "-m", "-n", "sh", "-c", probe], capture_output=True, text=True, check=False)
    if tried.returncode:
        return tried.stderr.strip().split("\n", maxsplit=1)[0]
    os.environ[INSIDE] = "1"
    sys.stdout.flush()
    os.execvp("unshare", ["unshare", "-m", "-n", sys.executable, *sys.argv])


class Cables:
    """A namespace for the database, with a cable to each node."""

    is_private, listen = True, "*"

    def __init__(self, folder, nodes):
        del folder
        run("ip", "link", "set", "lo", "up")
        self.place = subprocess.Popen(["setpriv", "--pdeathsig=KILL", "unshare", "-n", "sh", "-c", "echo; exec sleep infinity"],
                                      stdout=subprocess.PIPE)
        self.place.stdout.readline()
        run(*self.inside(["ip", "link", "set", "lo", "up"]))
        for node in nodes:
            run("ip", "link", "add", f"node{node}", "type", "veth", "peer", "name", f"db{node}", "netns", self.place.pid)
            run("ip", "address", "add", f"10.77.{node}.1/24", "dev", f"node{node}")
            run(*self.inside(["ip", "address", "add", f"10.77.{node}.2/24", "dev", f"db{node}"]))
            run("ip", "link", "set", f"node{node}", "up")
            self.cut(node, False)

    def inside(self, command):
        """A command that runs where the database is."""
        return ["nsenter", "-t", str(self.place.pid), "-n", *command]

    def addresses(self, node, servers):
        return [f"10.77.{node}.2" for _ in servers], [str(server.port) for server in servers]

    def cut(self, node, is_cut):
        run(*self.inside(["ip", "link", "set", f"db{node}", "down" if is_cut else "up"]))

    def close(self):
        self.place.kill()
        self.place.wait()


class Proxies:
    """A proxy on a Unix socket for each node and server."""

    is_private, listen = False, ""

    def __init__(self, folder, nodes):
        self.folder, self.open = folder, {node: threading.Event() for node in nodes}
        for event in self.open.values():
            event.set()

    def inside(self, command):
        return command

    def addresses(self, node, servers):
        hosts = []
        for server in servers:
            host = self.folder / f"{node}{server.folder.name}"
            if not host.exists():
                host.mkdir()
                listener = socket.socket(socket.AF_UNIX)
                listener.bind(f"{host}/.s.PGSQL.{server.port}")
                listener.listen(64)
                self.thread(self.accept, node, listener, pathlib.Path(server.folder) / f".s.PGSQL.{server.port}")
            hosts.append(str(host))
        return hosts, [str(server.port) for server in servers]

    def thread(self, work, *parameters):
        threading.Thread(target=work, args=parameters, daemon=True).start()

    def accept(self, node, listener, target):
        while True:
            client, _ = listener.accept()
            self.thread(self.serve, node, client, target)

    def serve(self, node, client, target):
        self.open[node].wait()
        with client, socket.socket(socket.AF_UNIX) as server:
            try:
                server.connect(str(target))
                self.forward(node, client, server)
            except OSError:
                pass

    def forward(self, node, client, server):
        selector = selectors.DefaultSelector()
        selector.register(client, selectors.EVENT_READ, server)
        selector.register(server, selectors.EVENT_READ, client)
        while True:
            for key, _ in selector.select():
                data = key.fileobj.recv(65536)
                self.open[node].wait()
                if not data:
                    return
                key.data.sendall(data)

    def cut(self, node, is_cut):
        if is_cut:
            self.open[node].clear()
        else:
            self.open[node].set()

    def close(self):
        pass


def run(*words):
    subprocess.run([str(word) for word in words], check=True)
