/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "agent_link.h"

#include "contrast.h"
#include "secret.h"
#include "sys.h"

#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>

#define AGENT_PATH "/sbin/agent"
#define AGENT_NAMESPACES (CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWIPC | CLONE_NEWUTS)
#define AGENT_GRACE_MS 5000 /* beyond the policy's deadline, which the agent itself keeps; or alone */
#define SOCKET_PATH BOOT_ATTEST_DIR "/" BOOT_ATTEST_NAME
#define SOCKET_MOUNT_OPTIONS "mode=0500,size=4k,nr_inodes=2,uid=%u,gid=%u"
#define MOUNT_FLAGS (MS_NOSUID | MS_NODEV | MS_NOEXEC)

_Static_assert(REPORT_DATA_SIZE == WIRE_REPORT_DATA_SIZE, "report data");
_Static_assert(SHA384_SIZE == WIRE_EVENT_HEAD_SIZE, "event log head");
_Static_assert(POLICY_VOLUMES_MAX == WIRE_EPOCHS_MAX, "epochs");

/* --- what it asks for, and what it brings --- */

static void keep_report(struct agent_link *l, const struct report *report, struct wire_msg *reply)
{
    report_free(&l->report);
    l->report = *report;
    *reply = (struct wire_msg){
        .type = WIRE_REPORT_REPLY,
        .report_reply = {.report = span_of(report->bytes, report->len),
                         .auxblob = span_of(report->aux, report->aux_len)}
    };
}

/* While the workload runs, a secure processor that says no is no reason to end it: the agent is told, and the
 * certificate's end is the end. */
static int give_report(struct agent_link *l, const uint8_t *report_data, struct wire_msg *reply,
                       struct err *err)
{
    struct report report = {0};
    bool serving = l->talk.progress.state == WIRE_AT_SERVING;

    if (report_get(report_data, &report, err) < 0) {
        if (!serving)
            return -1;
        log_info(l->config.log, "no report: %s", err->text);
    }
    keep_report(l, &report, reply);
    return 0;
}

static int digest_of(struct span secret, uint8_t digest[SHA512_SIZE], struct err *err)
{
    return hash_bytes(HASH_SHA512, secret, digest, err);
}

static int raise_clock(uint64_t time_s, struct err *err)
{
    int r = (int64_t) time_s > sys_clock_s() ? sys_set_clock_s((int64_t) time_s) : 0;

    return r < 0 ? err_set(err, ERR_SYS, -r, "set the clock to the Coordinator's time") : 0;
}

static int take_join(struct agent_link *l, const struct wire_certificates *c, struct err *err)
{
    struct span secret = c->workload_secret;

    if (c->epoch_count != 0 && c->epoch_count != l->config.policy->volume_count)
        return err_set(err, ERR_HELPER, 0, "agent: %zu epochs for %zu volumes", c->epoch_count,
                       l->config.policy->volume_count);
    if (digest_of(secret, l->secret_digest, err) < 0)
        return -1;
    l->config.secret->len = secret.len; /* 0 or WIRE_SECRET_SIZE, which wire.h has checked */
    for (size_t i = 0; i < secret.len; i++)
        l->config.secret->bytes[i] = secret.data[i];
    l->config.epochs->count = c->epoch_count;
    memcpy(l->config.epochs->of_volume, c->epochs, sizeof c->epochs);
    l->joined = true;
    return contrast_lay_out(c, &l->config.policy->workload, err);
}

static int take_renewal(struct agent_link *l, const struct wire_certificates *c, struct err *err)
{
    uint8_t digest[SHA512_SIZE];

    if (digest_of(c->workload_secret, digest, err) < 0)
        return -1;
    if (!secret_eq(span_of(digest, sizeof digest), span_of(l->secret_digest, sizeof l->secret_digest)))
        return err_set(err, ERR_HELPER, 0, "agent: a renewal with another workload secret");
    l->renewed = true;
    return contrast_renew(c, &l->config.policy->workload, err);
}

static int take_certificates(struct agent_link *l, const struct wire_certificates *c, struct err *err)
{
    if (!l->config.policy->has_coordinator)
        return err_set(err, ERR_HELPER, 0, "agent: certificates, but the policy has no coordinator");
    if (raise_clock(c->time_s, err) < 0)
        return -1;
    return l->joined ? take_renewal(l, c, err) : take_join(l, c, err);
}

static int on_message(void *context, const struct wire_msg *msg, struct wire_msg *reply, struct err *err)
{
    struct agent_link *l = context;

    if (msg->type == WIRE_REPORT_REQUEST)
        return give_report(l, msg->report_request.report_data, reply, err);
    if (msg->type == WIRE_CERTIFICATES)
        return take_certificates(l, &msg->certificates, err);
    if (msg->type != WIRE_READY)
        return err_set(err, ERR_HELPER, 0, "agent: sent %s", wire_type_name(msg->type));
    if (l->config.policy->has_coordinator && !l->joined)
        return err_set(err, ERR_HELPER, 0, "agent: READY without certificates");
    return 0;
}

/* --- its life --- */

/* The workload's socket, in a folder that only the workload's user can enter. Returns it, -1 without one. */
static int make_socket(const struct policy_workload *owner, int *listener, struct err *err)
{
    char options[80];
    int fd, r;

    *listener = -1;
    if (owner->attestation == POLICY_ATTESTATION_NONE)
        return 0;
    (void) snprintf(options, sizeof options, SOCKET_MOUNT_OPTIONS, owner->uid, owner->gid);
    r = sys_mount("tmpfs", BOOT_ATTEST_DIR, "tmpfs", MOUNT_FLAGS, options);
    if (r < 0)
        return err_set(err, ERR_SYS, -r, "mount " BOOT_ATTEST_DIR);
    fd = sys_listen(SOCKET_PATH, AGENT_LINK_BACKLOG);
    if (fd < 0)
        return err_set(err, ERR_SYS, -fd, "listen on " SOCKET_PATH);
    r = sys_chown(SOCKET_PATH, owner->uid, owner->gid);
    if (r < 0) {
        (void) sys_close(fd);
        return err_set(err, ERR_SYS, -r, "chown " SOCKET_PATH);
    }
    *listener = fd;
    return 0;
}

static int run(struct agent_link *l, struct err *err)
{
    AUTO_FD listener = -1;

    if (make_socket(&l->config.policy->workload, &listener, err) < 0)
        return -1;
    l->helper.listener = listener;
    return helper_start(&l->helper, &l->talk, err);
}

int agent_link_start(const struct agent_link_config *config, struct agent_link **link, struct err *err)
{
    const struct policy *policy = config->policy;
    struct agent_link *l = calloc(1, sizeof *l);

    if (l == NULL)
        return err_set(err, ERR_LIMIT, 0, "no memory for the agent");
    l->config = *config;
    l->helper = (struct helper){.job = WIRE_JOB_AGENT,
                                .path = AGENT_PATH,
                                .namespaces = AGENT_NAMESPACES,
                                .output = -1,
                                .deadline_ms = AGENT_GRACE_MS + policy->coordinator.deadline_ms, /* 0: none */
                                .policy = config->policy_text,
                                .event_head = config->event_head,
                                .message = on_message,
                                .context = l};
    if (run(l, err) < 0) {
        agent_link_free(l);
        return -1;
    }
    *link = l;
    return 0;
}

int agent_link_fd(const struct agent_link *link)
{
    return link->talk.fd;
}

int agent_link_turn(struct agent_link *link, struct err *err)
{
    int r;

    link->renewed = false;
    r = helper_turn(&link->talk, err);
    report_free(&link->report);
    if (r == 1) {
        helper_ended(&link->talk, NULL, err);
        return -1;
    }
    return r < 0 ? -1 : link->renewed;
}

bool agent_link_is_dead(struct agent_link *link, const struct sys_end *end, struct err *err)
{
    if (end->pid != link->talk.pid)
        return false;
    helper_ended(&link->talk, end, err);
    report_free(&link->report);
    return true;
}

void agent_link_stop(struct agent_link *link)
{
    if (link != NULL)
        helper_stop(&link->talk);
}

void agent_link_free(struct agent_link *link)
{
    if (link == NULL)
        return;
    agent_link_stop(link);
    report_free(&link->report);
    free(link);
}
