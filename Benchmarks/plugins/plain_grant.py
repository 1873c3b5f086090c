# SPDX-License-Identifier: Apache-2.0
"""The grant of plain_grant.swift."""
import grantor

plugin = grantor.Plugin(summary="a grant for measurements")


@plugin.grant("urn:example:plain", key="plain")
def authorize(request, host):
    return grantor.authorization(request)


plugin.run()
