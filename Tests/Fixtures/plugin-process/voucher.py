# SPDX-License-Identifier: Apache-2.0
"""A grant whose vouchers can be used once."""
import grantor

plugin = grantor.Plugin(summary="tokens for vouchers", host_calls=["store.read"])
use = plugin.collection("voucher-use", retention=86400)


@plugin.grant("urn:example:voucher", key="voucher", parameters=[
    grantor.parameter("voucher", required=True, longest=100, secret=True)])
def authorize(request, host):
    key = use(grantor.digest(grantor.first(request, "voucher")))
    found, = host.read(key)
    if found:
        raise grantor.invalid_grant("the voucher has been used")
    record = {"key": key, "value": {}, "expires_at": host.now() + 86400}
    return grantor.authorization(request, [{"write": "create", "record": record}])


plugin.run()
