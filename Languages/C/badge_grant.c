// SPDX-License-Identifier: Apache-2.0
// A grant in C: a client shows a badge, and each badge gets a few tokens a day. Build: cc -O2 -o badge-grant badge_grant.c
// As a library: cc -O2 -shared -fPIC -DGRANTOR_LIBRARY -o libbadge-grant.so badge_grant.c
#include "grantor.h"

#include <time.h>

enum { DAY = 86400 };
static long long limit;

static const char *describe(struct grantor_value settings) {
    limit = grantor_integer(grantor_member(settings, "limit"), 3);
    return "{\"protocol\":1,\"version\":\"1.0.0\",\"summary\":\"tokens for badges\",\"host_calls\":[\"digest\",\"store.read\"],"
           "\"settings\":[{\"key\":\"limit\",\"type\":\"integer\",\"default\":3,\"minimum\":1,\"maximum\":100,"
           "\"help\":\"how many tokens a badge gets in a day\"}],"
           "\"collections\":[{\"name\":\"badge-use\",\"retention\":86400}],"
           "\"grants\":[{\"grant_type\":\"urn:example:badge\",\"key\":\"badge\",\"parameters\":"
           "[{\"name\":\"badge\",\"required\":true,\"longest\":100,\"secret\":true,\"example\":\"badge-1\"}]}]}";
}

static void authorize(const struct grantor_call *call) {
    char input[1024], key[256], write[1024];
    struct grantor_value digest, records;
    // The digest, because what clients send may be secret and the store can be read by others.
    snprintf(input, sizeof input, "{\"text\":%.*s}", GRANTOR_PART(grantor_parameter(call->input, "badge")));
    char *first = grantor_ask(call, "digest", input, &digest);
    if (!first) return;
    snprintf(key, sizeof key, "[\"badge-use\",%.*s]", GRANTOR_PART(digest));
    snprintf(input, sizeof input, "{\"keys\":[%s]}", key);
    free(first);
    char *second = grantor_ask(call, "store.read", input, &records);
    if (!second) return;
    struct grantor_value found = grantor_element(records, 0);
    bool is_kept = grantor_is(found, '{');
    long long end = grantor_integer(grantor_member(found, "expires_at"), 0), now = time(NULL), count = 1;
    if (end > now) count += grantor_integer(grantor_member(grantor_member(found, "value"), "count"), 0);
    snprintf(write, sizeof write, "{\"write\":\"%s\",\"record\":{\"key\":%s,\"value\":{\"count\":%lld},\"expires_at\":%lld},"
        "\"if_version\":%lld}", is_kept ? "replace" : "create", key, count, end > now ? end : now + DAY,
        grantor_integer(grantor_member(found, "version"), 0));
    struct grantor_value client = grantor_member(grantor_member(call->input, "client"), "id");
    struct grantor_value scope = grantor_member(grantor_member(call->input, "allowed"), "scope");
    if (count > limit)
        grantor_send("{\"answer\":%lld,\"error\":{\"code\":\"invalid_grant\",\"description\":\"the badge is used up\"}}", call->number);
    else
        grantor_send("{\"answer\":%lld,\"output\":{\"v\":1,\"client\":%.*s,\"scope\":%.*s,\"writes\":[%s]}}",
            call->number, GRANTOR_PART(client), GRANTOR_PART(scope), write);
    free(second);
}

GRANTOR_PLUGIN(describe, authorize)
