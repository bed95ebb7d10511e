/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A guest for tests/cli/test_epochs.py: the agent's own join over TCP, with reports by softpsp's code.
 *
 *     lease_client PORT PIN HOLDER acquire|renew|advance|release VOLUME NUMBER [HOST_DATA_BYTE]
 *     lease_client PORT PIN HOLDER run VOLUME COUNT
 *
 * NUMBER: seconds for acquire and renew, the expected epoch for advance. One line an answer: status, epoch,
 * seconds left, the signed time. `run` joins, acquires, and advances COUNT times, each on a connection of its
 * own that asks for no certificate. Exit status 1: no answer; the reason is on stderr. */
#include "hex.h"
#include "join.h"
#include "psp_report.h"
#include "psp_state.h"
#include "snp_evidence.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

static struct psp_state psp;
static struct psp_options options;
static struct psp_vm vm;
static char mesh_pem[4096];

static int give_evidence(void *ctx, const uint8_t report_data[ATLS_REPORT_DATA_SIZE], struct writer *w,
                         struct err *err)
{
    uint8_t report[SNP_REPORT_SIZE];
    (void) ctx;
    if (psp_report_make(&vm, 0, report_data, report, err) < 0)
        return -1;
    return snp_evidence_encode(span_of(report, sizeof(report)), &psp.chain, SNP_PRODUCT_GENOA, w, err);
}

static void quiet(const char *line)
{
    (void) line;
}

static int dial(int port, struct err *err)
{
    const struct sockaddr_in addr = {
        .sin_family = AF_INET, .sin_port = htons((uint16_t) port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    if (fd < 0 || connect(fd, (const struct sockaddr *) &addr, sizeof(addr)) < 0) {
        (void) err_set(err, ERR_SYS, errno, "connect");
        if (fd >= 0)
            (void) close(fd);
        return -1;
    }
    return fd;
}

static int send_all(int fd, struct join *j, struct err *err)
{
    while (join_output(j).len > 0) {
        ssize_t n = send(fd, join_output(j).data, join_output(j).len, MSG_NOSIGNAL);
        if (n < 0)
            return err_set(err, ERR_SYS, errno, "send");
        join_sent(j, (size_t) n);
    }
    return 0;
}

static int talk(int fd, struct join *j, struct err *err)
{
    for (;;) {
        uint8_t bytes[8192];
        int rc = join_step(j, err);
        if (rc < 0 || send_all(fd, j, err) < 0)
            return -1;
        if (rc == 1)
            return 0;
        ssize_t n = recv(fd, bytes, sizeof(bytes), 0);
        if (n < 0)
            return err_set(err, ERR_SYS, errno, "receive");
        if (n == 0)
            join_feed_end(j);
        else if (join_feed(j, span_of(bytes, (size_t) n), err) < 0)
            return -1;
    }
}

static int show(const struct join_result *r, struct err *err)
{
    for (size_t i = 0; i < r->volume_count; i++)
        (void) printf("%s %llu %u %llu\n", epoch_status_name(r->volumes[i].answer.status),
                      (unsigned long long) r->volumes[i].answer.epoch, r->volumes[i].answer.left_s,
                      (unsigned long long) r->time.time_s);
    (void) fflush(stdout);
    if (r->mesh_ca.len >= sizeof(mesh_pem))
        return err_set(err, ERR_LIMIT, 0, "a mesh CA of %zu bytes", r->mesh_ca.len);
    if (r->mesh_ca.len > 0)
        memcpy(mesh_pem, r->mesh_ca.data, r->mesh_ca.len);
    return 0;
}

/* One connection: its answers go to stdout. */
static int connect_once(int port, const struct join_config *config, struct err *err)
{
    int fd = dial(port, err);
    if (fd < 0)
        return -1;
    struct join *j = join_new(config, err);
    int rc = j == NULL ? -1 : talk(fd, j, err);
    if (rc == 0)
        rc = show(join_result(j), err);
    join_free(j);
    (void) close(fd);
    return rc;
}

static int run(int port, struct join_config *config, unsigned long count, struct err *err)
{
    config->leases.op = EPOCH_ACQUIRE;
    config->leases.ttl_s = 60;
    if (connect_once(port, config, err) < 0)
        return -1;
    config->mesh_ca = span_str(mesh_pem);
    config->leases.op = EPOCH_ADVANCE;
    config->leases.ttl_s = 0;
    for (unsigned long i = 0; i < count; i++) {
        config->leases.volumes[0].expected = i;
        if (connect_once(port, config, err) < 0)
            return -1;
    }
    return 0;
}

static enum epoch_op op_of(const char *name)
{
    enum epoch_op op = EPOCH_ACQUIRE;
    while (op < EPOCH_RELEASE && strcmp(epoch_op_name(op), name) != 0)
        op++;
    return op;
}

static int open_psp(int host_data, struct err *err)
{
    options = (struct psp_options){.product = SNP_PRODUCT_GENOA, .guest_policy = 0x30000, .vmpl = -1};
    memset(options.host_data, host_data, sizeof(options.host_data));
    vm = (struct psp_vm){.options = &options, .state = &psp};
    memset(vm.measurement, 0x22, sizeof(vm.measurement));
    return psp_state_open("tests/vectors/psp", SNP_PRODUCT_GENOA, quiet, &psp, err);
}

static int go(char **argv, int host_data, struct err *err)
{
    static const uint8_t head[RATLS_HEAD_SIZE] = {0};
    struct policy_coordinator pin = {.has_root_ca_key = true};
    unsigned long number = strtoul(argv[6], NULL, 10);
    struct join_config config = {
        .coordinator = &pin,
        .now_s = (int64_t) time(NULL),
        .event_head = head,
        .evidence = give_evidence,
        .evidence_kind = RATLS_SNP,
        .leases = {.op = op_of(argv[4]), .count = 1}
    };
    int port = (int) strtol(argv[1], NULL, 10);
    memset(config.leases.holder, (int) strtol(argv[3], NULL, 10), sizeof(config.leases.holder));
    config.leases.volumes[0].name = argv[5];
    if (config.leases.op == EPOCH_ADVANCE)
        config.leases.volumes[0].expected = number;
    else if (config.leases.op != EPOCH_RELEASE)
        config.leases.ttl_s = (uint32_t) number;
    if (hex_decode(span_str(argv[2]), pin.root_ca_key_sha256, SHA256_SIZE, err) < 0 ||
        open_psp(host_data, err) < 0)
        return -1;
    if (strcmp(argv[4], "run") == 0)
        return run(port, &config, number, err);
    return connect_once(port, &config, err);
}

int main(int argc, char **argv)
{
    struct err err = {0};
    if (argc < 7)
        return 2;
    int rc = go(argv, argc > 7 ? (int) strtol(argv[7], NULL, 16) : 0x11, &err);
    if (rc < 0)
        (void) fprintf(stderr, "%s: %s\n", err_code_name(err.code), err.text);
    psp_state_wipe(&psp);
    return rc < 0;
}
