/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "helper.h"

#include "file.h"
#include "secret.h"
#include "sys.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#define KILL_WAIT_MS 5000 /* from SIGKILL to the end */

static const char *signal_name(int signal)
{
    static const struct {
        int number;
        const char *name;
    } names[] = {
        {SIGHUP,  "SIGHUP" },
        {SIGINT,  "SIGINT" },
        {SIGQUIT, "SIGQUIT"},
        {SIGILL,  "SIGILL" },
        {SIGTRAP, "SIGTRAP"},
        {SIGABRT, "SIGABRT"},
        {SIGBUS,  "SIGBUS" },
        {SIGFPE,  "SIGFPE" },
        {SIGKILL, "SIGKILL"},
        {SIGUSR1, "SIGUSR1"},
        {SIGSEGV, "SIGSEGV"},
        {SIGUSR2, "SIGUSR2"},
        {SIGPIPE, "SIGPIPE"},
        {SIGALRM, "SIGALRM"},
        {SIGTERM, "SIGTERM"},
        {SIGSYS,  "SIGSYS" },
    };

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (names[i].number == signal)
            return names[i].name;
    return "a signal";
}

static int time_left_ms(const struct helper_talk *c)
{
    uint64_t spent_ms = (sys_now_ns() - c->start_ns) / 1000000U;

    return spent_ms >= c->helper->deadline_ms ? 0 : (int) (c->helper->deadline_ms - spent_ms);
}

static int out_of_time(const struct helper_talk *c, struct err *err)
{
    return err_set(err, ERR_TIMEOUT, 0, "%s: not done after %u ms", wire_job_name(c->helper->job),
                   c->helper->deadline_ms);
}

/* The buffer holds secrets in passing: locked in memory, wiped by drop_buffer. */
static int make_buffer(uint8_t **buf, struct err *err)
{
    uint8_t *made = calloc(1, WIRE_MESSAGE_MAX);
    int r;

    if (made == NULL)
        return err_set(err, ERR_LIMIT, 0, "no memory for a message");
    r = sys_lock_memory(made, WIRE_MESSAGE_MAX);
    if (r < 0) {
        free(made);
        return err_set(err, ERR_SYS, -r, "lock memory");
    }
    *buf = made;
    return 0;
}

static void drop_buffer(struct helper_talk *c)
{
    if (c->buf != NULL) {
        secret_wipe_bytes(c->buf, WIRE_MESSAGE_MAX);
        sys_unlock_memory(c->buf, WIRE_MESSAGE_MAX);
    }
    free(c->buf);
    c->buf = NULL;
}

/* Whatever is left of it. */
void helper_stop(struct helper_talk *c)
{
    struct sys_end end;

    if (c->fd > 0) /* never 0, which is /dev/null */
        (void) sys_close(c->fd);
    if (c->pid > 0) {
        (void) sys_kill(c->pid, SIGKILL);
        (void) sys_wait_child(c->pid, KILL_WAIT_MS, &end);
    }
    drop_buffer(c);
    c->fd = -1;
    c->pid = 0;
}

static int spawn(struct helper_talk *c, struct err *err)
{
    const struct helper *h = c->helper;
    char name[FILE_PATH_MAX];
    char *const argv[] = {name, NULL};
    char *const envp[] = {NULL};
    int fds[2];
    int r = sys_socket_pair(fds);

    if (r < 0)
        return err_set(err, ERR_SYS, -r, "make a socket pair");
    c->fd = fds[0];
    AUTO_FD theirs = fds[1];
    if (file_path(name, err, "%s", h->path) < 0)
        return -1;
    r = sys_spawn(&(struct sys_spawn){.path = h->path,
                                      .argv = argv,
                                      .envp = envp,
                                      .input = -1,
                                      .output = h->output,
                                      .socket = theirs,
                                      .listener = h->listener,
                                      .namespaces = h->namespaces});
    if (r < 0)
        return err_set(err, ERR_SYS, -r, "start %s", h->path);
    c->pid = r;
    return 0;
}

static int send_message(struct helper_talk *c, const struct wire_msg *msg, struct err *err)
{
    struct writer out = writer_of(c->buf, WIRE_MESSAGE_MAX);
    ssize_t n;

    if (wire_encode(msg, &out, err) < 0)
        return -1;
    n = sys_send(c->fd, out.buf, out.len);
    secret_wipe_bytes(c->buf, out.len);
    if (n == -EAGAIN || n == -EPIPE || n == -ECONNRESET)
        return err_set(err, ERR_HELPER, 0, "%s: does not take %s", wire_job_name(c->helper->job),
                       wire_type_name(msg->type));
    if (n < 0)
        return err_set(err, ERR_SYS, (int) -n, "send %s to %s", wire_type_name(msg->type),
                       wire_job_name(c->helper->job));
    return 0;
}

static int start(struct helper_talk *c, struct err *err)
{
    struct wire_msg msg = {
        .type = WIRE_START,
        .start = {.job = c->helper->job,
                  .time_floor_s = BOOT_TIME_FLOOR_S,
                  .policy = c->helper->policy,
                  .secret = c->helper->secret}
    };

    if (c->helper->event_head != NULL)
        memcpy(msg.start.event_head, c->helper->event_head, WIRE_EVENT_HEAD_SIZE);
    c->start_ns = sys_now_ns();
    if (make_buffer(&c->buf, err) < 0 || spawn(c, err) < 0)
        return -1;
    return send_message(c, &msg, err);
}

/* The helper's own account of its failure, or what is wrong with that. */
static int failed(const struct helper_talk *c, const struct wire_failed *f, struct err *err)
{
    (void) err_set(err, f->code, f->sys_errno, "%.*s", (int) f->text.len, (const char *) f->text.data);
    return err_prefix(err, "%s", wire_job_name(c->helper->job));
}

static int answer(struct helper_talk *c, const struct wire_msg *msg, struct err *err)
{
    struct wire_msg reply = {0};

    if (c->helper->message == NULL)
        return err_set(err, ERR_HELPER, 0, "%s: sent %s", wire_job_name(c->helper->job),
                       wire_type_name(msg->type));
    if (c->helper->message(c->helper->context, msg, &reply, err) < 0)
        return -1;
    return reply.type != 0 ? send_message(c, &reply, err) : 0;
}

/* Whatever is wrong with its bytes: the helper broke the protocol. */
static int broken(const struct helper_talk *c, struct err *err)
{
    err->code = ERR_HELPER;
    return err_prefix(err, "%s", wire_job_name(c->helper->job));
}

static int handle(struct helper_talk *c, size_t len, struct err *err)
{
    struct span datagram = span_of(c->buf, len);
    enum wire_type type;
    struct wire_msg msg;

    if (wire_peek_type(datagram, &type, err) < 0)
        return broken(c, err);
    if (wire_accept(&c->progress, type, err) < 0)
        return -1;
    if (wire_decode(datagram, &msg, err) < 0)
        return broken(c, err);
    if (msg.type == WIRE_FAILED)
        return failed(c, &msg.failed, err);
    return msg.type == WIRE_DONE ? 0 : answer(c, &msg, err);
}

/* Take one message. Returns 1 when there is none and the helper has closed its end. */
static int take_message(struct helper_talk *c, struct err *err)
{
    ssize_t n = sys_recv(c->fd, c->buf, WIRE_MESSAGE_MAX);
    int r;

    if (n == 0 || n == -ECONNRESET)
        return 1;
    if (n < 0)
        return err_set(err, ERR_SYS, (int) -n, "receive from %s", wire_job_name(c->helper->job));
    if (n > WIRE_MESSAGE_MAX)
        return err_set(err, ERR_HELPER, 0, "%s: a message of %zd bytes", wire_job_name(c->helper->job), n);
    r = handle(c, (size_t) n, err);
    secret_wipe_bytes(c->buf, (size_t) n);
    return r;
}

/* Take messages until the helper closes its end, or is READY. */
static int converse(struct helper_talk *c, struct err *err)
{
    int r = 0;

    while (r == 0 && c->progress.state != WIRE_AT_SERVING) {
        int ready = sys_wait_readable(c->fd, time_left_ms(c));

        if (ready == 0)
            return out_of_time(c, err);
        if (ready < 0)
            return err_set(err, ERR_SYS, -ready, "receive from %s", wire_job_name(c->helper->job));
        r = take_message(c, err);
    }
    return r < 0 ? -1 : 0;
}

/* The helper has closed its end: it must now exit. Fills *end. */
static int reap(struct helper_talk *c, struct sys_end *end, struct err *err)
{
    pid_t r = sys_wait_child(c->pid, time_left_ms(c), end);

    if (r == 0)
        return out_of_time(c, err);
    if (r < 0)
        return err_set(err, ERR_SYS, -r, "wait for %s", wire_job_name(c->helper->job));
    c->pid = 0;
    return 0;
}

static int check_end(const struct helper_talk *c, const struct sys_end *end, struct err *err)
{
    const char *job = wire_job_name(c->helper->job);

    if (end->by_signal)
        return err_set(err, ERR_HELPER, 0, "%s: killed by %s (%d)", job, signal_name(end->status),
                       end->status);
    if (end->status != 0)
        return err_set(err, ERR_HELPER, 0, "%s: exit status %d", job, end->status);
    return wire_accept_eof(&c->progress, err);
}

/* --- a job with an end --- */

static int run(struct helper_talk *c, struct err *err)
{
    struct sys_end end = {0};

    if (start(c, err) < 0 || converse(c, err) < 0 || reap(c, &end, err) < 0)
        return -1;
    return check_end(c, &end, err);
}

int helper_run(const struct helper *h, struct err *err)
{
    struct helper_talk c = {.helper = h, .progress = WIRE_PROGRESS(h->job), .fd = -1};
    int r = run(&c, err);

    helper_stop(&c);
    return r;
}

/* The end of the socket means "execve done" or "died before it". A living process shows which program it
 * runs; of a dead one the name is left, until we reap it. */
static int check_exec(struct helper_talk *c, struct err *err)
{
    const char *base = strrchr(c->helper->path, '/') + 1;
    char path[FILE_PATH_MAX], found[FILE_PATH_MAX];
    struct sys_end end = {0};
    ssize_t n;

    if (file_path(path, err, "/proc/%d/exe", c->pid) < 0)
        return -1;
    n = sys_read_link(path, found, sizeof found - 1);
    if (n > 0) {
        found[n] = '\0';
        if (strcmp(found, c->helper->path) != 0)
            return 0;
        return err_set(err, ERR_HELPER, 0, "launch: closed its socket before the execve");
    }
    if (n != -ENOENT)
        return err_set(err, ERR_SYS, (int) -n, "read %s", path);
    if (file_path(path, err, "/proc/%d/comm", c->pid) < 0 ||
        file_read_line(path, found, sizeof found, err) < 0)
        return -1;
    if (strcmp(found, base) != 0)
        return 0;
    if (sys_wait_child(c->pid, KILL_WAIT_MS, &end) <= 0)
        return err_set(err, ERR_HELPER, 0, "launch: died before the execve");
    c->pid = 0;
    if (end.by_signal)
        return err_set(err, ERR_HELPER, 0, "launch: killed by %s (%d)", signal_name(end.status), end.status);
    return err_set(err, ERR_HELPER, 0, "launch: exit status %d before the execve", end.status);
}

static int launch(struct helper_talk *c, struct err *err)
{
    if (start(c, err) < 0 || converse(c, err) < 0 || wire_accept_eof(&c->progress, err) < 0)
        return -1;
    return check_exec(c, err);
}

int helper_launch(const struct helper *h, pid_t *pid, struct err *err)
{
    struct helper_talk c = {.helper = h, .progress = WIRE_PROGRESS(h->job), .fd = -1};
    int r = launch(&c, err);

    if (r == 0) {
        *pid = c.pid;
        c.pid = 0; /* no longer a helper: helper_stop must not kill it */
    }
    helper_stop(&c);
    return r;
}

/* --- the agent, which stays --- */

static int begin(struct helper_talk *c, struct err *err)
{
    struct sys_end end = {0};

    if (start(c, err) < 0 || converse(c, err) < 0)
        return -1;
    if (c->progress.state == WIRE_AT_SERVING)
        return 0;
    if (reap(c, &end, err) < 0)
        return -1;
    return check_end(c, &end, err); /* there is no good end */
}

int helper_start(const struct helper *h, struct helper_talk *talk, struct err *err)
{
    struct helper_talk c = {.helper = h, .progress = WIRE_PROGRESS(h->job), .fd = -1};

    if (begin(&c, err) < 0) {
        helper_stop(&c);
        return -1;
    }
    drop_buffer(&c);
    c.period_ns = sys_now_ns();
    *talk = c;
    return 0;
}

int helper_turn(struct helper_talk *c, struct err *err)
{
    uint64_t now_ns = sys_now_ns();
    int r;

    if (now_ns - c->period_ns >= WIRE_PERIOD_MS * UINT64_C(1000000)) {
        wire_new_period(&c->progress);
        c->period_ns = now_ns;
    }
    if (make_buffer(&c->buf, err) < 0)
        return -1;
    r = take_message(c, err);
    drop_buffer(c);
    return r;
}

void helper_ended(struct helper_talk *c, const struct sys_end *end, struct err *err)
{
    struct sys_end own = {0};
    int r = 0;

    if (end != NULL)
        c->pid = 0;
    while (r == 0 && sys_wait_readable(c->fd, 0) == 1)
        r = helper_turn(c, err);
    if (r < 0)
        return;
    if (end == NULL && sys_wait_child(c->pid, KILL_WAIT_MS, &own) <= 0) {
        (void) err_set(err, ERR_HELPER, 0, "%s: has closed its socket", wire_job_name(c->helper->job));
        return;
    }
    c->pid = 0;
    (void) check_end(c, end != NULL ? end : &own, err);
}
