# SPDX-License-Identifier: Apache-2.0
"""What can go wrong while clients send requests.

A fault returns the spans of time in which a node that says that it is ready does not tell the truth, with that node, or
None for all nodes.
"""

import os
import signal
import time


def nothing(cluster, nodes, random):
    time.sleep(random.uniform(0.5, 1))
    return []


def during(random, least, most, node=None):
    """Waits, and returns the span."""
    begin = time.monotonic()
    time.sleep(random.uniform(least, most))
    return [(begin, time.monotonic(), node)]


# nodes

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


def node_paused(cluster, nodes, random):
    process = random.choice(nodes).process
    os.kill(process.pid, signal.SIGSTOP)
    time.sleep(random.uniform(0.2, 5))
    os.kill(process.pid, signal.SIGCONT)
    return []


def node_clock(cluster, nodes, random):
    node = random.choice(nodes)
    seconds = random.choice([-3600, -40, 40, 3600])
    cluster.sql(f"INSERT INTO grantor.shift VALUES ('node-{node.number}', {seconds})", "grantor")
    # The clocks are compared every five seconds.
    time.sleep(7)
    spans = during(random, 0.2, 2, node)
    cluster.sql("TRUNCATE grantor.shift", "grantor")
    return spans


# the database

def database_ended(number):
    def fault(cluster, nodes, random):
        cluster.primary.stop(number)
        spans = during(random, 0, 1.5)
        cluster.primary.start()
        return spans
    return fault


def database_paused(cluster, nodes, random):
    cluster.primary.pause(True)
    spans = during(random, 0.2, 4)
    cluster.primary.pause(False)
    return spans


def database_slow(cluster, nodes, random):
    """It hardly ever moves."""
    end = time.monotonic() + random.uniform(1, 5)
    share = random.uniform(0.02, 0.2)
    while time.monotonic() < end:
        cluster.primary.pause(True)
        time.sleep(0.3 * (1 - share))
        cluster.primary.pause(False)
        time.sleep(0.3 * share)
    return []


def writes_slow(cluster, nodes, random):
    seconds = random.choice([0.05, 0.3, 2])
    cluster.sql(
        f"CREATE TRIGGER slow AFTER INSERT OR UPDATE ON grantor.grantor_record FOR EACH STATEMENT EXECUTE FUNCTION "
        f"grantor.wait({seconds})", "grantor")
    time.sleep(random.uniform(0.5, 4))
    cluster.sql("DROP TRIGGER slow ON grantor.grantor_record", "grantor")
    return []


def database_read_only(cluster, nodes, random):
    cluster.sql("ALTER DATABASE grantor SET default_transaction_read_only = on")
    cluster.end_sessions()
    spans = during(random, 0.2, 2)
    cluster.sql("ALTER DATABASE grantor SET default_transaction_read_only = off")
    return spans


def disk_full(cluster, nodes, random):
    cluster.primary.fill()
    time.sleep(random.uniform(0.5, 4))
    cluster.primary.empty()
    # It may have ended, if it could not write its log.
    if not cluster.primary.runs:
        cluster.primary.start()
    cluster.primary.settle()
    return []


# connections

def no_connections(cluster, nodes, random):
    cluster.sql("ALTER ROLE grantor CONNECTION LIMIT 0")
    cluster.end_sessions()
    spans = during(random, 0.2, 2)
    cluster.sql("ALTER ROLE grantor CONNECTION LIMIT -1")
    return spans


def connections_taken(cluster, nodes, random):
    """Another program takes all that are free, and those that become free."""
    taken = cluster.strangers(60)
    for _ in range(random.randint(1, 4)):
        cluster.end_sessions()
        taken += cluster.strangers(20)
        time.sleep(random.uniform(0.1, 0.5))
    for one in taken:
        one.close()
    return []


def sessions_ended(cluster, nodes, random):
    for _ in range(random.randint(1, 5)):
        cluster.end_sessions()
        time.sleep(random.uniform(0, 0.3))
    return []


def network_cut(cluster, nodes, random):
    node = random.choice(nodes)
    cluster.network.cut(node.number, True)
    spans = during(random, 0.2, 8, node)
    cluster.network.cut(node.number, False)
    return spans


def network_flaps(cluster, nodes, random):
    for _ in range(random.randint(2, 6)):
        node = random.choice(nodes)
        cluster.network.cut(node.number, True)
        time.sleep(random.uniform(0, 0.8))
        cluster.network.cut(node.number, False)
        time.sleep(random.uniform(0, 0.4))
    return []


# the standby

def standby_ended(cluster, nodes, random):
    """Commits wait until it is back."""
    # After a failover, there is none yet.
    if not cluster.standby.runs:
        return []
    cluster.standby.stop(random.choice([signal.SIGINT, signal.SIGQUIT, signal.SIGKILL]))
    time.sleep(random.uniform(0.2, 6))
    cluster.standby.start()
    return []


def failover(cluster, nodes, random):
    """The primary is lost with its disk, and the standby takes its place."""
    cluster.primary.stop(signal.SIGKILL)
    spans = during(random, 0, 1.5)
    cluster.promote()
    # Until there is another standby, operators wait for it, or do without.
    if random.random() < 0.7:
        cluster.wait_for_standby(False)
    time.sleep(random.uniform(0, 2))
    return spans


FAULTS = {
    "nothing": nothing,
    "node killed": node_killed,
    "all nodes killed": nodes_killed,
    "node paused": node_paused,
    "clock of a node": node_clock,
    "database restarted": database_ended(signal.SIGINT),
    "database crashed": database_ended(signal.SIGQUIT),
    "database killed": database_ended(signal.SIGKILL),
    "database paused": database_paused,
    "database slow": database_slow,
    "writes slow": writes_slow,
    "database read-only": database_read_only,
    "disk full": disk_full,
    "no connections": no_connections,
    "connections taken": connections_taken,
    "sessions ended": sessions_ended,
    "network cut": network_cut,
    "network flaps": network_flaps,
    "standby ended": standby_ended,
    "failover": failover,
}


def chosen(random):
    """One fault, or two, of which the second one comes before the nodes have recovered from the first one."""
    return random.sample(sorted(FAULTS), random.choice([1, 1, 2]))
