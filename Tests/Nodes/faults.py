# SPDX-License-Identifier: Apache-2.0
"""What can go wrong while clients send requests.

A fault returns the spans of time in which a node that says that it is ready does not tell the truth.
"""

import signal
import time


def nothing(cluster, nodes, random):
    time.sleep(random.uniform(0.5, 1))
    return []


def node_killed(cluster, nodes, random):
    node = random.choice(nodes)
    node.kill()
    time.sleep(random.uniform(0, 0.5))
    node.spawn()
    return []


def nodes_killed(cluster, nodes, random):
    for node in nodes:
        node.kill()
    for node in nodes:
        node.spawn()
    return []


def database_ended(number):
    def fault(cluster, nodes, random):
        cluster.stop(number)
        begin = time.monotonic()
        time.sleep(random.uniform(0, 1.5))
        end = time.monotonic()
        cluster.start()
        return [(begin, end)]
    return fault


def database_paused(cluster, nodes, random):
    cluster.pause(True)
    begin = time.monotonic()
    time.sleep(random.uniform(0.2, 4))
    end = time.monotonic()
    cluster.pause(False)
    return [(begin, end)]


def database_read_only(cluster, nodes, random):
    cluster.sql("ALTER DATABASE grantor SET default_transaction_read_only = on")
    cluster.end_sessions()
    begin = time.monotonic()
    time.sleep(random.uniform(0.2, 2))
    end = time.monotonic()
    cluster.sql("ALTER DATABASE grantor SET default_transaction_read_only = off")
    return [(begin, end)]


def no_connections(cluster, nodes, random):
    cluster.sql("ALTER ROLE grantor CONNECTION LIMIT 0")
    cluster.end_sessions()
    begin = time.monotonic()
    time.sleep(random.uniform(0.2, 2))
    end = time.monotonic()
    cluster.sql("ALTER ROLE grantor CONNECTION LIMIT -1")
    return [(begin, end)]


def sessions_ended(cluster, nodes, random):
    for _ in range(random.randint(1, 5)):
        cluster.end_sessions()
        time.sleep(random.uniform(0, 0.3))
    return []


FAULTS = {
    "nothing": nothing,
    "node killed": node_killed,
    "all nodes killed": nodes_killed,
    "database restarted": database_ended(signal.SIGINT),
    "database crashed": database_ended(signal.SIGQUIT),
    "database killed": database_ended(signal.SIGKILL),
    "database paused": database_paused,
    "database read-only": database_read_only,
    "no connections": no_connections,
    "sessions ended": sessions_ended,
}
