# SPDX-License-Identifier: Apache-2.0
"""A plugin with one of each role that can run in a process of its own, which shows what it was called with."""
import grantor

plugin = grantor.Plugin(summary="every role")
seen = plugin.collection("seen")


def record(what):
    return {"write": "create", "record": {"key": seen(what), "value": {}, "expires_at": 9}}


def admit(given, host):
    if grantor.first(given["request"], "refuse"):
        raise grantor.Refusal("invalid_target", "refused by the filter")


def narrow(given, host):
    return {**given["limits"], "scope": ["read", "more"], "not_after": 7, "may_refresh": True}


def extend(given, host):
    return {"members": {"extended": given["client"]["id"]}, "writes": [record("extend")]}


def claims(given, host):
    return {"team": given["user"]["id"] if "user" in given else "nobody", "at": given["destination"]}


def write(given, host):
    for event in given["events"]:
        if event["kind"] == "roles.refused":
            raise ValueError("not this one")


def run(given, host):
    if given["payload"] == "never":
        raise grantor.Abandoned("it can never succeed")


def respond(given, host):
    name = dict(map(tuple, given["variables"])).get("name")
    return {"status": 201, "json": {"hello": name, "caller": given["caller"]["id"]}, "headers": [["x-role", "yes"]],
            "writes": [record("respond")]}


plugin.add("token_filters", {"parameters": [grantor.parameter("refuse")]}, admit=admit, narrow=narrow)
plugin.add("extensions", {"members": ["extended"]}, extend=extend)
plugin.add("claims", {"claims": ["team", "at"], "destinations": ["userinfo"]}, claims=claims)
plugin.add("event_sinks", {"required": False}, write=write)
plugin.add("jobs", {"name": "roles-job"}, run=run)
plugin.add("endpoints", {"methods": ["GET"], "path": "/hello/{name}", "caller": {"client": "confidential"}},
           respond=respond)
plugin.run()
