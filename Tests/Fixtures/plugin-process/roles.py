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


plugin.attribute("half", default=0, under="*", expectation="an even number",
                 check=lambda value: None if value % 2 == 0 else f"must be even, and {value} is odd")
plugin.attribute("name", default="", type="string")
plugin.add("token_filters", {"parameters": [grantor.parameter("refuse")]}, admit=admit, narrow=narrow)
plugin.add("extensions", {"members": ["extended"]}, extend=extend)
plugin.add("claims", {"claims": ["team", "at"], "destinations": ["userinfo"]}, claims=claims)
plugin.add("event_sinks", {"required": False}, write=write)
plugin.add("event_sinks", {"from_commands": True}, write=write)
plugin.add("jobs", {"name": "roles-job"}, run=run)
plugin.add("endpoints", {"methods": ["GET"], "path": "/hello/{name}", "caller": {"client": "confidential"}},
           respond=respond)


def apply(given, host):
    policy = given["policy"]
    if grantor.first(given["request"], "refuse"):
        raise grantor.Refusal("invalid_request", "refused by the filter")
    return {**policy, "limits": {**policy["limits"], "scope": ["read", "more"], "may_refresh": True}, "prompts": [],
            "max_age": 60, "consent": {"each_time": True}, "attachments": {"roles": 1, "other": "replaced"}}


def advance(given, host):
    submitted = dict(map(tuple, given["submitted"]))
    if "code" not in submitted:
        return {"page": {"name": "roles-page", "values": {"at": given["interaction"]["address"]}, "kept": {"n": 1}}}
    if submitted["code"] == "bad":
        return {"refuse": {"code": "access_denied", "description": "refused by the step"}}
    if submitted["code"] == "skip":
        return {"skip": True}
    if submitted["code"] == "broken":
        return {"done": 1, "page": 2}
    return {"done": {"subject": {"user": "ann"}, "epoch": 3, "amr": ["otp"],
                     "attachments": {"roles": given["interaction"]["kept"]}}}


def validate(given, host):
    if grantor.first(given["request"], "refuse"):
        raise grantor.Refusal("invalid_request", "refused by the flow")


def complete(given, host):
    return {"members": {"proof": given["authorization"]["user"]}, "writes": [record("complete")]}


def request(given, host):
    if given["context"] == "settled":
        return {"settled": {"name": "roles-page"}}
    return {"client": given["context"]["client"], "limits": {"scope": ["read"]}, "consent": {"each_time": True}}


def approved(given, host):
    return {"page": {"name": "roles-page", "values": {"user": given["authorization"]["user"]}},
            "writes": [record("approved")]}


def promise(given, host):
    return {"writes": [record(given["event"]["kind"])]}


def revoking(given, host):
    return {"writes": [record(given["session"])]}


def claim(given, host):
    return {"client": grantor.first(given, "proof"), "method": "roles_proof"}


def prove(given, host):
    if given["claim"]["client"] != given["client"]["id"]:
        raise grantor.Refusal("invalid_client", "not this client")


def make(given, host):
    return {"value": "made for " + given["client"]["id"], "writes": [record("make")]}


GRANT = {"grant_type": "roles", "key": "roles"}
plugin.add("request_filters", {"parameters": [grantor.parameter("refuse")]}, apply=apply)
plugin.add("steps", {"name": "roles-step", "phase": "verify", "fields": [grantor.parameter("code")]}, advance=advance)
plugin.add("flows", {"response_type": "proof", "grant": GRANT, "delivery": "fragment", "stage": "assertion",
                     "combines_with": ["code"]}, validate=validate, complete=complete)
plugin.add("purposes", {"name": "roles-purpose", "grant": GRANT}, request=request, approved=approved, denied=approved)
plugin.add("outboxes", {"kinds": ["signed_in"]}, promise=promise)
plugin.add("outboxes", {"kinds": ["consented"], "required": True}, promise=promise)
plugin.add("revocations", {}, revoking=revoking)
plugin.add("authenticators", {"methods": [{"name": "roles_proof", "credential": "other"}],
                              "parameters": [grantor.parameter("proof")]}, claim=claim, prove=prove)
plugin.add("token_products", {"types": ["urn:example:made"], "longest_life": 60}, make=make)
plugin.add("issuers", {"name": "https://issuer.example", "keys": {"address": "https://issuer.example/jwks"},
                       "rules": {"types": ["JWT"], "audience": ["a"], "longest_life": 60, "single_use": True}})
plugin.run()
