# SPDX-License-Identifier: Apache-2.0
"""Replays the answers that clients got, and says what contradicts what the server promises."""

import collections

# What clients may be told: done, refused, away, or nothing at all.
EXPECTED = {200, 400, 401, 503, 0}


class Grant:
    """What the answers say about when something ended: an access token, or all tokens of a grant."""

    def __init__(self):
        # When the first request began that may have ended it, and when the first answer arrived that says so.
        self.may_end_at = None
        self.ended_at = None

    def may_end(self, begin):
        self.may_end_at = begin if self.may_end_at is None else min(begin, self.may_end_at)

    def ends(self, end):
        self.ended_at = end if self.ended_at is None else min(end, self.ended_at)

    def has_ended(self, begin):
        """Whether it ended before a request began."""
        return self.ended_at is not None and begin > self.ended_at

    def is_open(self, end):
        """Whether nothing can have ended it before an answer arrived."""
        return self.may_end_at is None or end < self.may_end_at


def violations(entries):
    """Sentences about what must not happen."""
    return [*answers(entries), *single_use(entries), *activity(entries)]


def answers(entries):
    for entry in entries:
        if entry.status not in EXPECTED:
            yield f"'{entry.kind}' at node {entry.node} got status {entry.status}, error {entry.error}"
        if entry.status == 503 and not entry.retry_after:
            yield f"'{entry.kind}' at node {entry.node} got 503 without Retry-After"


def single_use(entries):
    """Each value is used once; a value that all requests were refused for was lost."""
    uses = collections.defaultdict(list)
    for entry in entries:
        if entry.kind in ("rotate", "redeem", "assert"):
            uses[entry.kind, entry.value].append(entry.status)
    for (kind, _), statuses in uses.items():
        if statuses.count(200) > 1:
            yield f"a value for one '{kind}' was used {statuses.count(200)} times: {statuses}"
        if all(status in (400, 401) for status in statuses):
            yield f"a value for one '{kind}' was refused at its first use: {statuses}"


def grants(entries):
    """The grants of the access tokens and of the refresh tokens."""
    access, refresh = {}, {}
    for entry in entries:
        if entry.kind not in ("issue", "rotate") or entry.status != 200:
            continue
        grant = refresh.get(entry.value) or Grant()
        refresh.setdefault(entry.value, grant)
        access[entry.access] = grant
        if entry.refresh:
            refresh[entry.refresh] = grant
        if not entry.value:
            del refresh[entry.value]
    return access, refresh


def tokens(entries):
    """The access tokens that clients may ask about."""
    return list(grants(entries)[0])


def replay_races(entries, refresh):
    """A refresh token that is used a second time ends its grant."""
    uses = collections.defaultdict(list)
    for entry in entries:
        if entry.kind == "rotate":
            uses[entry.value].append(entry)
    for value, all_uses in uses.items():
        if len(all_uses) > 1 and value in refresh:
            refresh[value].may_end(min(entry.begin for entry in all_uses))
            if any(entry.status == 200 for entry in all_uses) and any(entry.status == 400 for entry in all_uses):
                refresh[value].ends(max(entry.end for entry in all_uses))


def activity(entries):
    """An acknowledged token is active at every node until somebody ends it, and never after that is acknowledged."""
    by_access, by_refresh = grants(entries)
    replay_races(entries, by_refresh)
    alone = {token: Grant() for token in by_access}
    for entry in entries:
        if entry.kind == "revoke" and entry.value in alone:
            alone[entry.value].may_end(entry.begin)
            if entry.status == 200:
                alone[entry.value].ends(entry.end)
    for entry in entries:
        if entry.kind != "introspect" or entry.status != 200 or entry.value not in alone:
            continue
        both = (alone[entry.value], by_access[entry.value])
        if entry.active and any(one.has_ended(entry.begin) for one in both):
            yield f"a revoked token is active at node {entry.node}"
        if not entry.active and all(one.is_open(entry.end) for one in both):
            yield f"an issued token is not active at node {entry.node}"


def stored(entries, count):
    """Compares the used assertions with the number of them in the store."""
    sure = len({entry.value for entry in entries if entry.kind == "assert" and entry.status == 200})
    most = len({entry.value for entry in entries if entry.kind == "assert" and entry.status in (200, 503, 0)})
    if not sure <= count <= most:
        yield f"the store has {count} used assertions; by the answers, there are {sure} to {most}"
