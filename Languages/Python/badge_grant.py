# SPDX-License-Identifier: Apache-2.0
"""A grant in Python: a client shows a badge, and each badge gets a few tokens a day."""
import grantor

plugin = grantor.Plugin(summary="tokens for badges", host_calls=["store.read"])
plugin.setting("limit", "integer", default=3, minimum=1, maximum=100, help="how many tokens a badge gets in a day")
use = plugin.collection("badge-use", retention=86400)


@plugin.grant("urn:example:badge", key="badge", parameters=[
    grantor.parameter("badge", required=True, longest=100, secret=True, example="badge-1")])
def authorize(request, host):
    # The digest, because what clients send may be secret and the store can be read by others.
    key = use(grantor.digest(grantor.first(request, "badge")))
    found, = host.read(key)
    if found and found["expires_at"] <= host.now():
        record = {"key": key, "value": {"count": 1}, "expires_at": host.now() + 86400}
    elif found:
        if found["value"]["count"] >= plugin.settings["limit"]:
            raise grantor.invalid_grant("the badge has been used too often today")
        record = {"key": key, "value": {"count": found["value"]["count"] + 1}, "expires_at": found["expires_at"]}
    else:
        record = {"key": key, "value": {"count": 1}, "expires_at": host.now() + 86400}
        return grantor.authorization(request, [{"write": "create", "record": record}])
    # The server commits this together with the token, or calls again if another request was faster.
    return grantor.authorization(request, [{"write": "replace", "record": record, "if_version": found["version"]}])


plugin.run()
