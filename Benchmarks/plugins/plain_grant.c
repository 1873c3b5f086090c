// SPDX-License-Identifier: Apache-2.0
// The grant of plain_grant.swift, as a program and as a library.
#include "grantor.h"

static const char *describe(struct grantor_value settings) {
    (void)settings;
    return "{\"protocol\":1,\"grants\":[{\"grant_type\":\"urn:example:plain\",\"key\":\"plain\"}]}";
}

static void authorize(const struct grantor_call *call) {
    struct grantor_value client = grantor_member(grantor_member(call->input, "client"), "id");
    struct grantor_value scope = grantor_member(grantor_member(call->input, "allowed"), "scope");
    grantor_send("{\"answer\":%lld,\"output\":{\"v\":1,\"client\":%.*s,\"scope\":%.*s}}",
        call->number, GRANTOR_PART(client), GRANTOR_PART(scope));
}

GRANTOR_PLUGIN(describe, authorize)
