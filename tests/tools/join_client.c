/* SPDX-License-Identifier: GPL-2.0-or-later */
/* join_client POLICY PORT PSP_SOCKET TEST_ROOT [1.2|1.3]: one attempt of the agent's join code (agent/join.c)
 * over a socket to 127.0.0.1, without the agent's process around it. Evidence comes from softpsp; a
 * Coordinator whose own evidence the policy wants may have the test root. With quote:FILE in place of the
 * socket the evidence is this TDX quote, with the report data put into it: its signature is wrong then.
 * Prints "joined, secret of N bytes" or "refused CODE: TEXT". */
#include "fileio.h"
#include "join.h"
#include "snp_cert_table.h"
#include "snp_evidence.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

static int read_full(int fd, uint8_t *out, size_t len)
{
    for (size_t got = 0; got < len;) {
        ssize_t n = read(fd, out + got, len - got);

        if (n <= 0)
            return -1;
        got += (size_t) n;
    }
    return 0;
}

/* Ask softpsp as a kernel does (docs/formats/tsm-console.md). */
static int get_evidence(void *ctx, const uint8_t report_data[ATLS_REPORT_DATA_SIZE], struct writer *w,
                        struct err *err)
{
    const int *psp = ctx;
    uint8_t request[2 + ATLS_REPORT_DATA_SIZE] = {0, ATLS_REPORT_DATA_SIZE};
    uint8_t sizes[8] = {0};
    static uint8_t reply[SNP_REPORT_SIZE + SNP_CERT_TABLE_MAX];
    struct reader r = reader_of(span_of(sizes, sizeof sizes));
    struct snp_chain chain;
    struct snp_report report;

    memcpy(request + 2, report_data, ATLS_REPORT_DATA_SIZE);
    if (write(*psp, request, sizeof request) != (ssize_t) sizeof request || read_full(*psp, sizes, 8) < 0)
        return err_set(err, ERR_HELPER, 0, "softpsp does not answer");
    size_t report_len = reader_le32(&r), table_len = reader_le32(&r);
    if (report_len != SNP_REPORT_SIZE || table_len > SNP_CERT_TABLE_MAX ||
        read_full(*psp, reply, report_len + table_len) < 0)
        return err_set(err, ERR_HELPER, 0, "softpsp refuses");
    struct span bytes = span_of(reply, report_len);
    if (snp_cert_table_parse(span_of(reply + report_len, table_len), &chain, err) < 0 ||
        snp_report_parse(bytes, &report, err) < 0)
        return -1;
    return snp_evidence_encode(bytes, &chain, snp_report_product(&report), w, err);
}

#define QUOTE_REPORT_DATA 568 /* offset in a quote of version 4 */

static int get_quote(void *ctx, const uint8_t report_data[ATLS_REPORT_DATA_SIZE], struct writer *w,
                     struct err *err)
{
    const struct fileio_bytes *quote = ctx;

    if (quote->len < QUOTE_REPORT_DATA + ATLS_REPORT_DATA_SIZE)
        return err_set(err, ERR_FORMAT, 0, "no quote");
    memcpy(quote->data + QUOTE_REPORT_DATA, report_data, ATLS_REPORT_DATA_SIZE);
    writer_bytes(w, fileio_span(quote));
    return 0;
}

/* Returns what join_step said in the end, or -1 when the connection broke. */
static int converse(int fd, struct join *j, struct err *err)
{
    uint8_t bytes[4096];

    for (;;) {
        int rc = join_step(j, err);

        while (join_output(j).len > 0) {
            ssize_t n = write(fd, join_output(j).data, join_output(j).len);

            if (n <= 0)
                return rc != 0 ? rc : err_set(err, ERR_SYS, 0, "the connection broke");
            join_sent(j, (size_t) n);
        }
        if (rc != 0)
            return rc;
        ssize_t n = read(fd, bytes, sizeof bytes);
        if (n <= 0)
            join_feed_end(j);
        else if (join_feed(j, span_of(bytes, (size_t) n), err) < 0)
            return -1;
    }
}

static int connect_tcp(const char *port)
{
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons((uint16_t) strtoul(port, NULL, 10))};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return connect(fd, (const struct sockaddr *) &a, sizeof a) < 0 ? -1 : fd;
}

/* softpsp binds its socket a moment before it listens. */
static int connect_unix(const char *path)
{
    struct sockaddr_un a = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    (void) snprintf(a.sun_path, sizeof a.sun_path, "%s", path);
    for (int i = 0; i < 500; i++) {
        if (connect(fd, (const struct sockaddr *) &a, sizeof a) == 0)
            return fd;
        (void) poll(NULL, 0, 20);
    }
    return -1;
}

static int attempt(char **argv, const struct policy *policy, struct span root, struct err *err)
{
    static const uint8_t no_events[RATLS_HEAD_SIZE];
    AUTO_BYTES quote = {0};
    bool tdx = strncmp(argv[3], "quote:", 6) == 0;

    if (tdx && fileio_read(argv[3] + 6, 1 << 16, &quote, err) < 0)
        return -1;
    int psp = tdx ? open("/dev/null", O_RDONLY | O_CLOEXEC) : connect_unix(argv[3]);
    int fd = connect_tcp(argv[2]);
    struct join_config config = {
        .coordinator = &policy->coordinator,
        .now_s = time(NULL),
        .versions = !argv[5]                      ? TLS_ANY
                    : strcmp(argv[5], "1.2") == 0 ? TLS_ONLY_12
                                                  : TLS_ONLY_13,
        .event_head = no_events,
        .test_root = root,
        .evidence = tdx ? get_quote : get_evidence,
        .evidence_kind = tdx ? RATLS_TDX : RATLS_SNP,
        .ctx = tdx ? (void *) &quote : (void *) &psp,
    };

    if (psp < 0 || fd < 0)
        return err_set(err, ERR_SYS, 0, "no connection to %s", psp < 0 ? "softpsp" : "the Coordinator");
    struct join *j = join_new(&config, err);
    int rc = j ? converse(fd, j, err) : -1;
    if (rc == 1)
        (void) printf("joined, secret of %zu bytes\n", join_result(j)->secret.len);
    join_free(j);
    (void) close(fd);
    (void) close(psp);
    return rc == 1 ? 0 : -1;
}

int main(int argc, char **argv)
{
    struct fileio_bytes text = {0}, root = {0};
    struct policy *policy = NULL;
    struct err err = {0};

    if (argc < 5 || argc > 6)
        return 2;
    int rc = fileio_read(argv[1], 1 << 20, &text, &err);
    if (rc == 0)
        rc = fileio_read(argv[4], 1 << 16, &root, &err);
    if (rc == 0)
        rc = policy_parse(fileio_span(&text), &policy, &err);
    if (rc == 0)
        rc = attempt(argv, policy, fileio_span(&root), &err);
    if (rc < 0)
        (void) printf("refused %d: %s\n", (int) err.code, err.text);
    policy_free(policy);
    return rc == 0 ? 0 : 1;
}
