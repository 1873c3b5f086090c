// SPDX-License-Identifier: Apache-2.0
// The plugin of odd.py.
#include "grantor.h"

static char word[32];

static const char *describe(struct grantor_value settings) {
    snprintf(word, sizeof word, "%.*s", GRANTOR_PART(grantor_member(settings, "word")));
    // Without the quotes.
    if (word[0]) memmove(word, word + 1, strlen(word)), word[strlen(word) - 1] = 0;
    return "{\"protocol\":1,\"host_calls\":[\"digest\"],"
           "\"settings\":[{\"key\":\"word\",\"type\":\"string\",\"default\":\"even\"}],"
           "\"attributes\":[{\"name\":\"half\",\"default\":0,\"expectation\":\"an even number\"}],"
           "\"endpoints\":[{\"methods\":[\"POST\"],\"path\":\"/odd\",\"caller\":{\"client\":\"confidential\"}}]}";
}

static void check(const struct grantor_call *call) {
    char problem[64], problems[2000];
    size_t length = 0;
    snprintf(problem, sizeof problem, "\"must be %s\"", word);
    struct grantor_value values = grantor_member(call->input, "values"), value, output;
    for (int place = 0; (value = grantor_member(grantor_element(values, place), "value")).start; place++) {
        if (grantor_equals(value, "ask")) {
            free(grantor_ask(call, "digest", "{}", &output));
            return;
        }
        bool is_even = grantor_integer(value, 1) % 2 == 0;
        length += (size_t)snprintf(
            problems + length, sizeof problems - length, "%s%s", place ? "," : "", is_even ? "null" : problem);
    }
    grantor_send("{\"answer\":%lld,\"output\":{\"problems\":[%.*s]}}", call->number, (int)length, problems);
}

static void respond(const struct grantor_call *call) {
    if (call->role < 0) {
        check(call);
        return;
    }
    size_t size = (size_t)grantor_integer(grantor_member(call->input, "size"), 0);
    char *pad = malloc(size + 1), *input = malloc(size + 20);
    memset(pad, 'x', size), pad[size] = 0;
    snprintf(input, size + 20, "{\"text\":\"%s\"}", pad);
    struct grantor_value output;
    if (grantor_equals(grantor_member(call->input, "do"), "ask")) {
        char *reply = grantor_ask(call, "digest", input, &output);
        if (reply) grantor_send("{\"answer\":%lld,\"output\":%.*s}", call->number, GRANTOR_PART(output));
        free(reply);
    } else {
        grantor_send("{\"answer\":%lld,\"output\":\"%s\"}", call->number, pad);
    }
    free(pad), free(input);
}

GRANTOR_PLUGIN(describe, respond)
