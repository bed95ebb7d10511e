/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "user_client.h"

#include "atls_dial.h"
#include "dial.h"
#include "userapi.h"

static int judge(void *ctx, const struct atls_peer *peer, const uint8_t report_data[ATLS_REPORT_DATA_SIZE],
                 struct err *err)
{
    struct user_client *c = ctx;
    struct examine_peer seen;

    if (c->manifest == NULL)
        return 0;
    if (peer->evidence.len == 0)
        return err_set(err, ERR_DENIED, 0, "the Coordinator shows no evidence (it may run with --no-tee)");
    examine_shown(c->manifest, &c->trust, peer, report_data, c->now_s, &seen);
    if (seen.status != GRPC_OK)
        return err_set(err, ERR_DENIED, 0, "the Coordinator's evidence: %s", seen.reason);
    if (seen.policy->role != MANIFEST_ROLE_COORDINATOR)
        return err_set(err, ERR_DENIED, 0,
                       "the Coordinator's evidence: its policy has not the role coordinator");
    return 0;
}

int user_client_call(struct user_client *c, struct writer *answer, struct err *err)
{
    struct dial_target target;
    struct span message;

    if (dial_parse(c->address, USERAPI_PORT, &target, err) < 0)
        return -1;
    AUTO_DIAL dial = {.fd = -1};
    if (dial_open(&target, USER_CLIENT_TIMEOUT_MS, &dial, err) < 0)
        return -1;
    const struct atls_call_config config = {.authority = target.text,
                                            .path = c->path,
                                            .request = c->request,
                                            .now_s = c->now_s,
                                            .key = c->key,
                                            .rsa_key = c->rsa_key,
                                            .verify = judge,
                                            .ctx = c};
    AUTO_ATLS_CALL *call = atls_call_new(&config, err);
    if (call == NULL || atls_dial(&dial, call, err) < 0 || atls_call_response(call, &message, err) < 0)
        return -1;
    writer_bytes(answer, message);
    return answer->bad ? err_set(err, ERR_LIMIT, 0, "the answer has %zu bytes", message.len) : 0;
}
