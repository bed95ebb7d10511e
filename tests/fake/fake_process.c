/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The part of fake_sys about sockets, helpers, signals, memory and the end. */
#include "fake_inner.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define STATUS 3 /* with which a helper exits that should not */

/* --- children --- */

void fake_drop_children(void)
{
    for (size_t i = 0; i < inner.child_count; i++)
        for (size_t j = 0; j < inner.children[i].queued; j++)
            free(inner.children[i].queue[j].bytes);
    inner.child_count = 0;
}

int fake_children(void)
{
    int n = 0;

    for (size_t i = 0; i < inner.child_count; i++)
        n += !inner.children[i].reaped;
    return n;
}

static struct child *by_pid(pid_t pid)
{
    for (size_t i = 0; i < inner.child_count; i++)
        if (inner.children[i].pid == pid)
            return &inner.children[i];
    return NULL;
}

/* Both ends of a pair have the number of the child that will be, or is, at the other end. */
struct child *fake_child_of(int fd)
{
    return &inner.children[inner.fds[fd].node];
}

static void ends(struct child *c, int status, int signal)
{
    c->closed = true;
    c->exited = true;
    c->end =
        (struct sys_end){.pid = c->pid, .by_signal = signal != 0, .status = signal != 0 ? signal : status};
}

static void set_comm(const struct child *c, const char *name)
{
    char path[64];

    (void) snprintf(path, sizeof path, "/proc/%d/comm", c->pid);
    fake_set_owned(fake_make_node(path), name, strlen(name));
}

pid_t sys_spawn(const struct sys_spawn *spawn)
{
    int e = fake_hit();
    struct child *c = &inner.children[inner.child_count];

    if (e != 0)
        return -e;
    if (strcmp(spawn->path, "/bin/busybox") == 0) {
        fake.shells += !fake.no_shell;
        if (fake.no_shell)
            return -ENOENT;
    } else {
        fake.helpers++;
    }
    if (inner.child_count == CHILDREN || spawn->argv[0] == NULL || spawn->envp == NULL)
        abort();
    inner.child_count++;
    c->pid = FIRST_PID + (int) inner.child_count;
    (void) snprintf(c->path, sizeof c->path, "%s", spawn->path);
    if (strcmp(spawn->path, "/sbin/init-launch") == 0) {
        fake.launch_output = spawn->output;
        set_comm(c, "init-launch\n");
    }
    fake.listeners += spawn->listener >= 0;
    return c->pid;
}

int sys_listen(const char *path, int backlog)
{
    int e = fake_hit();

    if (e != 0)
        return -e;
    if (backlog < 1)
        abort();
    fake_set_owned(fake_make_node(path), "", 0);
    return fake_new_fd(FD_INET, 0);
}

int sys_socket_pair(int fds[2])
{
    int e = fake_hit();

    if (e != 0)
        return -e;
    fds[0] = fake_new_fd(FD_SOCKET, (int) inner.child_count);
    fds[1] = fake_new_fd(FD_SOCKET, (int) inner.child_count);
    return 0;
}

pid_t sys_wait_child(pid_t pid, int timeout_ms, struct sys_end *end)
{
    int e = fake_hit();
    bool any = false;

    if (e != 0)
        return -e;
    for (size_t i = 0; i < inner.child_count; i++) {
        struct child *c = &inner.children[i];

        if (c->reaped || (pid != -1 && pid != c->pid))
            continue;
        any = true;
        if (c->exited) {
            c->reaped = true;
            *end = c->end;
            return c->pid;
        }
    }
    if (timeout_ms > 0)
        inner.now_ns += (uint64_t) timeout_ms * 1000000U;
    return any ? 0 : -ECHILD;
}

int sys_kill(pid_t pid, int signal)
{
    struct child *c = by_pid(pid);

    if (c == NULL || c->reaped)
        abort(); /* PID 1 would hit somebody else */
    if (signal != SIGKILL) {
        fake.forwarded++;
        fake.last_forwarded = signal;
        return 0;
    }
    fake.kills++;
    if (!c->exited)
        ends(c, 0, SIGKILL);
    return 0;
}

ssize_t sys_read_link(const char *path, char *buf, size_t cap)
{
    int e = fake_hit();
    int pid = 0;
    const struct child *c;
    const char *exe;

    if (e != 0)
        return -e;
    (void) sscanf(path, "/proc/%d/exe", &pid);
    c = by_pid(pid);
    if (c == NULL || c->exited)
        return -ENOENT;
    exe = c->execed ? "/usr/bin/server" : c->path;
    if (strlen(exe) > cap)
        abort();
    memcpy(buf, exe, strlen(exe));
    return (ssize_t) strlen(exe);
}

/* --- what the helpers say --- */

static void say_bytes(struct child *c, const void *bytes, size_t len)
{
    struct message *m = &c->queue[c->queued];

    if (c->queued == QUEUE)
        abort();
    m->bytes = malloc(len);
    if (m->bytes == NULL)
        abort();
    memcpy(m->bytes, bytes, len);
    m->len = len;
    c->queued++;
}

static void say(struct child *c, const struct wire_msg *msg)
{
    static uint8_t buf[WIRE_MESSAGE_MAX];
    struct writer w = writer_of(buf, sizeof buf);
    struct err err;

    if (wire_encode(msg, &w, &err) < 0)
        abort();
    say_bytes(c, buf, w.len);
}

static void say_done(struct child *c, int status)
{
    say(c, &(struct wire_msg){.type = WIRE_DONE});
    ends(c, status, 0);
}

static void say_certificates(struct child *c, bool with_secret, uint8_t secret_byte, size_t epochs)
{
    uint8_t secret[WIRE_SECRET_SIZE];
    bool first = inner.next_later == 0;

    memset(secret, secret_byte, sizeof secret);
    say(c, &(struct wire_msg){
               .type = WIRE_CERTIFICATES,
               .certificates = {.time_s = fake.coordinator_time_s,
                                .epoch_count = epochs,
                                .epochs = {7, 8, 9},
                                .mesh_ca_pem = span_str("mesh CA"),
                                .cert_chain_pem = span_str(first ? "chain" : "second chain"),
                                .key_pem = span_str(first ? "key" : "second key"),
                                .root_ca_pem = span_str("root CA"),
                                .workload_secret = span_of(secret, with_secret ? sizeof secret : 0)}
    });
}

static void run_workload(struct child *c, bool ended)
{
    c->execed = true;
    c->closed = true;
    fake.workloads++;
    set_comm(c, "server\n");
    if (ended)
        ends(c, fake.workload_status, fake.workload_signal);
}

static void do_job(struct child *c)
{
    const struct wire_msg ask = {.type = WIRE_REPORT_REQUEST, .report_request = {.report_data = {1, 2, 3}}};

    switch (c->job) {
    case WIRE_JOB_AGENT:
        say(c, &ask);
        break;
    case WIRE_JOB_VOLUMES:
    case WIRE_JOB_IMAGE:
        say_done(c, 0);
        break;
    case WIRE_JOB_LAUNCH:
        run_workload(c, false);
        break;
    }
}

static void say_failed(struct child *c)
{
    say(c, &(struct wire_msg){
               .type = WIRE_FAILED, .failed = {.code = ERR_DENIED, .text = span_str("it said no")}
    });
    ends(c, 1, 0);
}

static void break_protocol(struct child *c, enum fake_helper how)
{
    static const uint8_t unknown[WIRE_HEADER_SIZE] = {77};
    static uint8_t big[WIRE_MESSAGE_MAX + 1] = {WIRE_DONE};
    const struct wire_msg ask = {.type = WIRE_REPORT_REQUEST};

    if (how == FAKE_UNKNOWN)
        say_bytes(c, unknown, sizeof unknown);
    else if (how == FAKE_SHORT)
        say_bytes(c, unknown, 3);
    else if (how == FAKE_LONG)
        say_bytes(c, big, sizeof big);
    else if (how == FAKE_OTHER_JOB && c->job == WIRE_JOB_AGENT)
        say(c, &(struct wire_msg){.type = WIRE_DONE}); /* before the certificates */
    else if (how == FAKE_OTHER_JOB)
        say(c, &ask);
    else
        say(c, &(struct wire_msg){.type = WIRE_DONE});
    if (how == FAKE_TALKS)
        say(c, &(struct wire_msg){.type = WIRE_DONE});
    ends(c, 0, 0);
}

static void misbehave(struct child *c, enum fake_helper how)
{
    if (how == FAKE_KILLED)
        ends(c, 0, SIGILL);
    else if (how == FAKE_EXITS)
        ends(c, STATUS, 0);
    else if (how == FAKE_BAD_EXIT)
        say_done(c, STATUS);
    else if (how == FAKE_FAILED)
        say_failed(c);
    else if (how == FAKE_SHORT_LIVED)
        run_workload(c, true);
    else if (how == FAKE_CLOSES)
        c->closed = true;
    else if (how == FAKE_LINGERS) {
        say(c, &(struct wire_msg){.type = WIRE_DONE});
        c->closed = true;
    } else if (how == FAKE_RESETS) {
        c->resets = true;
        ends(c, 0, 0);
    } else if (how != FAKE_SILENT) {
        break_protocol(c, how);
    }
}

static bool has_coordinator(const struct wire_start *start)
{
    return memmem(start->policy.data, start->policy.len, "\"coordinator\"", 13) != NULL;
}

static void take_report(struct child *c, const struct wire_report_reply *reply, enum fake_helper how)
{
    if (reply->report.len == 0)
        fake.refused_reports++;
    if (inner.next_later > 0)
        return;
    say_certificates(c, how != FAKE_NO_SECRET, FAKE_SECRET_BYTE, how == FAKE_EPOCHS ? 3 : 1);
    if (how == FAKE_NO_DONE)
        ends(c, 0, 0);
    else
        say(c, &(struct wire_msg){.type = WIRE_READY});
}

void fake_helper_takes(struct child *c, const void *bytes, size_t len)
{
    struct wire_msg msg;
    struct err err;
    enum fake_helper how;

    if (wire_decode(span_of(bytes, len), &msg, &err) < 0)
        abort();
    if (msg.type == WIRE_START)
        c->job = msg.start.job;
    how = fake.helper[c->job];
    if (msg.type == WIRE_REPORT_REPLY) {
        take_report(c, &msg.report_reply, how);
        return;
    }
    if (c->job == WIRE_JOB_VOLUMES && msg.start.secret.len != WIRE_SECRET_SIZE)
        abort();
    if (how == FAKE_NO_JOIN || (c->job == WIRE_JOB_AGENT && how == FAKE_GOOD && !has_coordinator(&msg.start)))
        say(c, &(struct wire_msg){.type = WIRE_READY});
    else if (how == FAKE_GOOD || how == FAKE_NO_DONE || how == FAKE_NO_SECRET || how == FAKE_EPOCHS)
        do_job(c);
    else
        misbehave(c, how);
}

ssize_t sys_send(int fd, const void *buf, size_t len)
{
    int e = fake_hit();
    struct child *c = fake_child_of(fd);

    if (e != 0)
        return -e;
    if (c->closed)
        return -EPIPE;
    fake_helper_takes(c, buf, len);
    return (ssize_t) len;
}

/* --- the agent, while the workload runs --- */

static void say_ended(struct child *c)
{
    say(c, &(struct wire_msg){
               .type = WIRE_FAILED, .failed = {.code = ERR_TIMEOUT, .text = span_str("it has ended")}
    });
    ends(c, 1, 0);
}

/* Returns whether PID 1 sees the socket before it sees a signal. */
static bool do_later(struct child *c, enum fake_later what)
{
    static const uint8_t garbage[3];
    const struct wire_msg ask = {.type = WIRE_REPORT_REQUEST};

    switch (what) {
    case FAKE_LATER_NOTHING:
        abort();
    case FAKE_LATER_RENEWS:
        say_certificates(c, true, FAKE_SECRET_BYTE, 1);
        break;
    case FAKE_LATER_OTHER_SECRET:
        say_certificates(c, true, FAKE_SECRET_BYTE + 1, 1);
        break;
    case FAKE_LATER_ASKS:
        say(c, &ask);
        break;
    case FAKE_LATER_FAILS:
    case FAKE_LATER_FAILS_UNSEEN:
        say_ended(c);
        return what == FAKE_LATER_FAILS;
    case FAKE_LATER_KILLED:
        ends(c, 0, SIGKILL);
        break;
    case FAKE_LATER_EXITS:
        ends(c, 0, 0);
        break;
    case FAKE_LATER_CLOSES:
        c->closed = true;
        break;
    case FAKE_LATER_READY:
        say(c, &(struct wire_msg){.type = WIRE_READY});
        break;
    case FAKE_LATER_GARBAGE:
        say_bytes(c, garbage, sizeof garbage);
        break;
    }
    return true;
}

int sys_wait_event(int fd, int timeout_ms, int *signal)
{
    int e = fake_hit();

    (void) timeout_ms;
    if (e != 0)
        return -e;
    *signal = 0;
    if (inner.next_signal < 4 && fake.signals[inner.next_signal] != 0) {
        *signal = fake.signals[inner.next_signal++];
        return 0;
    }
    if (fd >= 0 && inner.next_later < 4 && fake.later[inner.next_later] != 0) {
        enum fake_later what = fake.later[inner.next_later++];

        if (do_later(fake_child_of(fd), what))
            return 1;
        *signal = SIGCHLD;
        return 0;
    }
    for (size_t i = 0; i < inner.child_count; i++)
        if (inner.children[i].execed && !inner.children[i].exited)
            ends(&inner.children[i], fake.workload_status, fake.workload_signal);
    *signal = SIGCHLD;
    return 0;
}

ssize_t sys_recv(int fd, void *buf, size_t cap)
{
    int e = fake_hit();
    struct child *c = fake_child_of(fd);
    size_t len;

    if (e != 0)
        return -e;
    if (c->resets)
        return -ECONNRESET;
    if (c->queued == 0)
        return 0;
    len = c->queue[0].len;
    memcpy(buf, c->queue[0].bytes, len < cap ? len : cap);
    free(c->queue[0].bytes);
    c->queued--;
    memmove(&c->queue[0], &c->queue[1], c->queued * sizeof c->queue[0]);
    return (ssize_t) len;
}

int sys_wait_readable(int fd, int timeout_ms)
{
    int e = fake_hit();
    const struct child *c = fake_child_of(fd);

    if (e != 0)
        return -e;
    if (c->queued > 0 || c->closed)
        return 1;
    if (timeout_ms < 0)
        abort(); /* PID 1 would hang */
    inner.now_ns += (uint64_t) timeout_ms * 1000000U;
    return 0;
}

int sys_wait_writable(int fd, int timeout_ms)
{
    int e = fake_hit();

    (void) fd, (void) timeout_ms;
    return e != 0 ? -e : 1;
}

/* --- the rest --- */

int sys_signals_init(void)
{
    return -fake_hit();
}

int sys_protect_self(void)
{
    return -fake_hit();
}

int sys_lock_memory(const void *p, size_t len)
{
    int e = fake_hit();

    for (size_t i = 0; i < 4 && e == 0; i++) {
        if (inner.locked[i] == NULL) {
            inner.locked[i] = p;
            inner.locked_len[i] = len;
            break;
        }
    }
    return -e;
}

void sys_unlock_memory(const void *p, size_t len)
{
    fake.dirty += !span_is_zero(span_of(p, len));
    for (size_t i = 0; i < 4; i++)
        if (inner.locked[i] == p)
            inner.locked[i] = NULL;
}

ssize_t sys_random(void *buf, size_t len)
{
    int e = fake_hit();

    if (e != 0)
        return -e;
    if (fake.rng_waits > 0) {
        fake.rng_waits--;
        return -EAGAIN;
    }
    for (size_t i = 0; i < len; i++)
        ((uint8_t *) buf)[i] = (uint8_t) (inner.random++ * 31);
    return (ssize_t) len;
}

int sys_cpu_random(uint64_t *value)
{
    int e = fake_hit();

    if (e != 0 || fake.no_rdrand)
        return e != 0 ? -e : -ENOSYS;
    inner.rdrand += fake.rdrand_step;
    *value = inner.rdrand;
    return 0;
}

uint64_t sys_now_ns(void)
{
    return inner.now_ns += 1000;
}

int64_t sys_clock_s(void)
{
    return fake.clock_s;
}

int sys_set_clock_s(int64_t seconds)
{
    int e = fake_hit();

    if (e == 0)
        fake.clock_s = seconds;
    return -e;
}

void sys_sleep_ms(unsigned int ms)
{
    inner.now_ns += (uint64_t) ms * 1000000U;
}

void sys_sync(void)
{
    fake.syncs++;
}

void sys_power_off(void)
{
    fake.power_offs++;
}
