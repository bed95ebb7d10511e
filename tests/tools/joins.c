/* SPDX-License-Identifier: GPL-2.0-or-later */
/* joins: many guests against a Coordinator, from one process: the agent's own join code over sockets, reports
 * signed by softpsp's code in here. For the bench and for the tests of load.
 *
 *     joins PSP-STATE PORT KEY HOST-DATA MEASUREMENT COUNT AT-ONCE PROTOCOL
 *
 * KEY, HOST-DATA, MEASUREMENT: hex. COUNT joins, AT-ONCE of them at the same time, PROTOCOL nacre/1 or
 * contrast. Prints one line: joined, failed, seconds in all, milliseconds of a join (median, largest). Exit
 * status 0 when all joined; the first failure's reason goes to standard error. */
#include "hex.h"
#include "join.h"
#include "psp_report.h"
#include "psp_state.h"
#include "snp_evidence.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define AT_ONCE_MAX 512
#define COUNT_MAX 100000
#define DEADLINE_MS 30000 /* of one join */

struct guest {
    int fd; /* -1: free */
    struct join *join;
    double started_ms;
};

struct run {
    struct policy_coordinator pin;
    uint16_t port;
    struct psp_options options;
    struct psp_state psp;
    struct psp_vm vm;
    size_t count, at_once, started, joined, failed;
    struct guest guests[AT_ONCE_MAX];
    double times[COUNT_MAX];
};

static double now_ms(void)
{
    struct timespec ts = {0};

    (void) clock_gettime(CLOCK_MONOTONIC, &ts);
    return (double) ts.tv_sec * 1e3 + (double) ts.tv_nsec / 1e6;
}

static int give_evidence(void *ctx, const uint8_t report_data[ATLS_REPORT_DATA_SIZE], struct writer *w,
                         struct err *err)
{
    struct run *run = ctx;
    uint8_t report[SNP_REPORT_SIZE];

    if (psp_report_make(&run->vm, 0, report_data, report, err) < 0)
        return -1;
    return snp_evidence_encode(span_of(report, sizeof report), &run->psp.chain, SNP_PRODUCT_GENOA, w, err);
}

static void finish(struct run *run, struct guest *g, const char *reason)
{
    if (reason == NULL)
        run->times[run->joined++] = now_ms() - g->started_ms;
    else if (run->failed++ == 0)
        (void) fprintf(stderr, "joins: %s\n", reason);
    join_free(g->join);
    (void) close(g->fd);
    *g = (struct guest){.fd = -1};
}

static int start(struct run *run, struct guest *g, struct err *err)
{
    static const uint8_t head[RATLS_HEAD_SIZE] = {1};
    const struct sockaddr_in to = {
        .sin_family = AF_INET, .sin_port = htons(run->port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    const struct join_config config = {.coordinator = &run->pin,
                                       .now_s = (int64_t) time(NULL),
                                       .event_head = head,
                                       .evidence = give_evidence,
                                       .evidence_kind = RATLS_SNP,
                                       .ctx = run};

    g->started_ms = now_ms();
    g->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (g->fd < 0)
        return err_set(err, ERR_SYS, errno, "socket");
    if (connect(g->fd, (const struct sockaddr *) &to, sizeof to) < 0 && errno != EINPROGRESS)
        return err_set(err, ERR_SYS, errno, "connect");
    g->join = join_new(&config, err);
    run->started++;
    return g->join == NULL ? -1 : 0;
}

static int exchange(struct guest *g, struct err *err)
{
    uint8_t bytes[16384];
    ssize_t n = recv(g->fd, bytes, sizeof bytes, MSG_DONTWAIT);

    if (n == 0)
        join_feed_end(g->join);
    else if (n > 0 && join_feed(g->join, span_of(bytes, (size_t) n), err) < 0)
        return -1;
    else if (n < 0 && errno != EAGAIN && errno != ENOTCONN)
        return err_set(err, ERR_SYS, errno, "receive: %s", strerror(errno));
    int rc = join_step(g->join, err);
    struct span out = join_output(g->join);
    if (out.len > 0) {
        n = send(g->fd, out.data, out.len, MSG_DONTWAIT | MSG_NOSIGNAL);
        if (n > 0)
            join_sent(g->join, (size_t) n);
    }
    return rc;
}

static void step(struct run *run, struct guest *g)
{
    struct err err;
    int rc = exchange(g, &err);

    if (rc < 0)
        finish(run, g, err.text);
    else if (rc > 0)
        finish(run, g, NULL);
    else if (now_ms() - g->started_ms > DEADLINE_MS)
        finish(run, g, "no answer in time");
}

static int turn(struct run *run)
{
    struct pollfd fds[AT_ONCE_MAX];
    struct err err;

    for (size_t i = 0; i < run->at_once; i++) {
        struct guest *g = &run->guests[i];

        if (g->fd < 0 && run->started < run->count && start(run, g, &err) < 0) {
            (void) fprintf(stderr, "joins: %s\n", err.text);
            return -1;
        }
        fds[i] = (struct pollfd){.fd = g->fd, .events = POLLIN};
        if (g->fd >= 0 && (join_step(g->join, &err) < 0 || join_output(g->join).len > 0))
            fds[i].events |= POLLOUT;
    }
    if (poll(fds, run->at_once, 1000) < 0)
        return -1;
    for (size_t i = 0; i < run->at_once; i++) {
        if (run->guests[i].fd >= 0)
            step(run, &run->guests[i]);
    }
    return 0;
}

static int compare(const void *a, const void *b)
{
    const double x = *(const double *) a, y = *(const double *) b;

    return (x > y) - (x < y);
}

static void silent(const char *line)
{
    (void) line;
}

static int parse(char **argv, struct run *run, struct err *err)
{
    run->port = (uint16_t) strtoul(argv[2], NULL, 10);
    run->count = strtoul(argv[6], NULL, 10);
    run->at_once = strtoul(argv[7], NULL, 10);
    run->pin = (struct policy_coordinator){.has_root_ca_key = true,
                                           .protocol = strcmp(argv[8], "contrast") == 0 ? POLICY_CONTRAST
                                                                                        : POLICY_NACRE_1};
    run->options = (struct psp_options){.product = SNP_PRODUCT_GENOA, .guest_policy = 0x30000, .vmpl = -1};
    run->vm = (struct psp_vm){.options = &run->options, .state = &run->psp};
    if (run->count > COUNT_MAX || run->at_once > AT_ONCE_MAX || run->at_once == 0)
        return err_set(err, ERR_LIMIT, 0, "at most %d joins, %d at once", COUNT_MAX, AT_ONCE_MAX);
    if (hex_decode(span_str(argv[3]), run->pin.root_ca_key_sha256, sizeof run->pin.root_ca_key_sha256, err) <
            0 ||
        hex_decode(span_str(argv[4]), run->options.host_data, sizeof run->options.host_data, err) < 0 ||
        hex_decode(span_str(argv[5]), run->vm.measurement, sizeof run->vm.measurement, err) < 0)
        return -1;
    return psp_state_open(argv[1], SNP_PRODUCT_GENOA, silent, &run->psp, err);
}

int main(int argc, char **argv)
{
    struct run *run = calloc(1, sizeof *run);
    struct err err;

    if (run == NULL || argc != 9 || parse(argv, run, &err) < 0) {
        (void) fprintf(stderr, "joins: %s\n", argc != 9 ? "8 arguments, see its source" : err.text);
        return 2;
    }
    for (size_t i = 0; i < AT_ONCE_MAX; i++)
        run->guests[i].fd = -1;
    const double begin_ms = now_ms();
    while (run->joined + run->failed < run->count) {
        if (turn(run) < 0)
            return 1;
    }
    const double took_s = (now_ms() - begin_ms) / 1e3;
    qsort(run->times, run->joined, sizeof run->times[0], compare);
    (void) printf("%zu %zu %.3f %.1f %.1f\n", run->joined, run->failed, took_s,
                  run->joined > 0 ? run->times[run->joined / 2] : 0.0,
                  run->joined > 0 ? run->times[run->joined - 1] : 0.0);
    int status = run->failed == 0 ? 0 : 1;
    psp_state_wipe(&run->psp);
    free(run);
    return status;
}
