/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "attempts.h"

#include "backoff.h"
#include "channel.h"
#include "os.h"
#include "rng.h"
#include "root.h"
#include "serve.h"

#include <errno.h>
#include <string.h>

static int get_evidence(void *ctx, const uint8_t report_data[ATLS_REPORT_DATA_SIZE], struct writer *w,
                        struct err *err)
{
    struct agent *agent = ctx;
    return channel_evidence(report_data, &agent->shown_kind, w, err);
}

static int system_error(int error, const char *what, struct err *err)
{
    return err_set(err, ERR_SYS, error, "%s%s", what, os_error_text(error));
}

static int out_of_time(const char *what, struct err *err)
{
    return err_set(err, ERR_TIMEOUT, 0, "%s: no answer in time", what);
}

static int connect_until(struct agent *agent, const struct netaddr *addr, uint64_t end_ms, struct err *err)
{
    int fd = os_connect(addr);
    if (fd < 0)
        return system_error(-fd, "", err);
    uint64_t now = os_now_ms();
    int rc = serve_wait(agent, fd, 1, end_ms > now ? end_ms - now : 0);
    if (rc == 1)
        rc = os_connected(fd);
    else if (rc == 0)
        rc = out_of_time("connect", err);
    if (rc == 0)
        return fd;
    os_close(fd);
    return err->code == ERR_TIMEOUT ? -1 : system_error(-rc, "", err);
}

static int write_some(int fd, struct join *j, struct err *err)
{
    while (join_output(j).len > 0) {
        ssize_t n = os_write(fd, join_output(j));
        if (n == -EAGAIN)
            return 0;
        if (n < 0)
            return system_error((int) -n, "send: ", err);
        join_sent(j, (size_t) n);
    }
    return 0;
}

static int read_some(int fd, struct join *j, struct err *err)
{
    uint8_t bytes[4096];
    ssize_t n = os_read(fd, bytes, sizeof(bytes));
    if (n == -EAGAIN)
        return 0;
    if (n < 0)
        return system_error((int) -n, "receive: ", err);
    if (n == 0) {
        join_feed_end(j);
        return 0;
    }
    return join_feed(j, span_of(bytes, (size_t) n), err);
}

/* Turn the loop until joined. What is waiting to be sent goes out even when the step failed: it is our alert.
 */
static int converse(struct agent *agent, int fd, struct join *j, uint64_t end_ms, struct err *err)
{
    for (;;) {
        int rc = join_step(j, err);
        struct err ignored;
        if (write_some(fd, j, rc < 0 ? &ignored : err) < 0 || rc < 0)
            return -1;
        if (rc == 1)
            return 0;
        uint64_t now = os_now_ms();
        int ready = serve_wait(agent, fd, join_output(j).len > 0, end_ms > now ? end_ms - now : 0);
        if (ready == 0)
            return out_of_time("join", err);
        if (ready < 0)
            return system_error(-ready, "wait: ", err);
        if (read_some(fd, j, err) < 0)
            return -1;
    }
}

/* A lease on every volume of the policy: all of them are encrypted. */
static struct join_leases leases_of(const struct agent *agent)
{
    struct join_leases l = {.op = EPOCH_ACQUIRE, .ttl_s = AGENT_LEASE_S};
    l.count = agent->policy->volume_count;
    memcpy(l.holder, agent->holder, sizeof(l.holder));
    for (size_t i = 0; i < l.count; i++)
        l.volumes[i].name = agent->policy->volumes[i].name;
    return l;
}

static struct join_config config_of(struct agent *agent)
{
    uint64_t now_ms = os_now_ms();
    return (struct join_config){
        .coordinator = &agent->policy->coordinator,
        .now_s = clock_now_s(&agent->clock, os_clock_s(), now_ms),
        .floor_s = clock_told_s(&agent->clock),
        .leases = leases_of(agent),
        .versions = TLS_ANY,
        .event_head = agent->event_head,
        .test_root = root_of_tests(),
        .evidence = get_evidence,
        .shown_kind = &agent->shown_kind,
        .ctx = agent,
    };
}

/* One connection. Returns it once it has brought what config asks for, or NULL with *err set. */
static struct join *attempt(struct agent *agent, const struct join_config *config, uint64_t end_ms,
                            struct err *err)
{
    int fd = connect_until(agent, &config->coordinator->address, end_ms, err);
    if (fd < 0)
        return NULL;
    struct join *j = join_new(config, err);
    int rc = j == NULL ? -1 : converse(agent, fd, j, end_ms, err);
    os_close(fd);
    if (rc < 0) {
        join_free(j);
        return NULL;
    }
    clock_raise(&agent->clock, (int64_t) join_result(j)->time.time_s, os_now_ms());
    return j;
}

int attempts_once(struct agent *agent, uint64_t end_ms, struct err *err)
{
    const struct join_config config = config_of(agent);
    struct join *j = attempt(agent, &config, end_ms, err);
    if (j == NULL)
        return -1;
    agent->join = j;
    return 0;
}

struct join *attempts_leases(struct agent *agent, uint64_t end_ms, struct err *err)
{
    struct join_config config = config_of(agent);
    config.mesh_ca = span_of(agent->leases.mesh_ca, agent->leases.mesh_ca_len);
    return attempt(agent, &config, end_ms, err);
}

static bool is_final(enum err_code code)
{
    return code == ERR_DENIED || code == ERR_HELPER;
}

int attempts_run(struct agent *agent, struct err *err)
{
    const struct policy_coordinator *c = &agent->policy->coordinator;
    struct backoff backoff = backoff_of(agent->start_ms, c->deadline_ms, c->retry_ms, c->retry_max_ms);
    char address[NETADDR_TEXT_MAX];
    if (!agent->policy->has_coordinator)
        return 0;
    netaddr_format(&c->address, address);
    if (rng_bytes(agent->holder, sizeof(agent->holder), err) < 0)
        return -1;
    for (;;) {
        struct err why = {0};
        uint64_t pause_ms = 0;
        if (attempts_once(agent, backoff_attempt(&backoff, os_now_ms()), &why) == 0)
            return 0;
        if (is_final(why.code)) {
            *err = why;
            return err_prefix(err, "coordinator %s", address);
        }
        if (!backoff_pause(&backoff, os_now_ms(), &pause_ms))
            return err_set(err, ERR_TIMEOUT, 0, "coordinator %s: %s (last of %u tries)", address, why.text,
                           backoff.tries);
        os_sleep_ms(pause_ms);
    }
}
