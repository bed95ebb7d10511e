/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "agent_lab.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define REPORT "tests/vectors/snp/dstack/report.bin"
#define SPARE_FD 40 /* where the test keeps descriptors out of the agent's way */

static void need(bool good, const char *what)
{
    if (good)
        return;
    perror(what);
    abort();
}

/* --- PID 1 -----------------------------------------------------------------------------------------------
 */

static void answer(int fd, const struct agent_lab *lab)
{
    static uint8_t report[4096], out[8192];
    FILE *f = fopen(REPORT, "rb");
    struct wire_msg reply = {.type = WIRE_REPORT_REPLY};
    struct writer w = writer_of(out, sizeof(out));
    struct err err;
    need(f != NULL, REPORT);
    if (!lab->no_reports)
        reply.report_reply.report = span_of(report, fread(report, 1, sizeof(report), f));
    (void) fclose(f);
    need(wire_encode(&reply, &w, &err) == 0 && send(fd, out, w.len, MSG_NOSIGNAL) > 0, "reply");
}

static void pid1_runs(int fd, int notes, const struct agent_lab *lab)
{
    static uint8_t buf[WIRE_MESSAGE_MAX];
    size_t renewals = 0;
    for (;;) {
        struct agent_lab_note note = {0};
        struct wire_msg msg;
        struct err err;
        ssize_t n = recv(fd, buf, sizeof(buf), 0);
        if (n <= 0 || wire_decode(span_of(buf, (size_t) n), &msg, &err) < 0)
            _exit(0);
        note.type = msg.type;
        if (msg.type == WIRE_REPORT_REQUEST) {
            memcpy(note.report_data, msg.report_request.report_data, sizeof(note.report_data));
            answer(fd, lab);
        }
        if (msg.type == WIRE_CERTIFICATES) {
            memcpy(note.key, msg.certificates.key_pem.data + 100, sizeof(note.key));
            note.has_secret = msg.certificates.workload_secret.len > 0;
        }
        need(write(notes, &note, sizeof(note)) == (ssize_t) sizeof(note), "note");
        if (msg.type == WIRE_CERTIFICATES && ++renewals == lab->renewals_max)
            _exit(0);
    }
}

/* The same file under a high number. */
static int move_up(int fd)
{
    int moved = fcntl(fd, F_DUPFD, SPARE_FD);
    need(moved >= 0, "dup");
    close(fd);
    return moved;
}

void agent_lab_start_pid1(struct agent_lab *lab)
{
    int pair[2], notes[2];
    need(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair) == 0 && pipe(notes) == 0, "pair");
    for (int i = 0; i < 2; i++) {
        pair[i] = move_up(pair[i]);
        notes[i] = move_up(notes[i]);
    }
    need(fcntl(notes[0], F_SETFL, O_NONBLOCK) == 0, "notes");
    lab->pid1 = fork();
    need(lab->pid1 >= 0, "fork");
    if (lab->pid1 == 0) {
        close(pair[1]);
        pid1_runs(pair[0], notes[1], lab);
    }
    close(notes[1]);
    close(pair[0]);
    lab->notes = notes[0];
    need(dup2(pair[1], WIRE_FD) == WIRE_FD, "channel");
    close(pair[1]);
}

size_t agent_lab_notes(struct agent_lab *lab, struct agent_lab_note notes[AGENT_LAB_NOTES_MAX])
{
    size_t n = 0;
    while (n < AGENT_LAB_NOTES_MAX &&
           read(lab->notes, &notes[n], sizeof(notes[n])) == (ssize_t) sizeof(notes[n]))
        n++;
    return n;
}

/* --- the Coordinator ---------------------------------------------------------------------------------------
 */

static void serve(struct mesh_server *server, int fd)
{
    uint8_t bytes[4096];
    mesh_server_start(server);
    for (;;) {
        (void) mesh_server_step(server);
        for (struct span out; (out = tls_output(server->tls)).len > 0;) {
            ssize_t n = send(fd, out.data, out.len, MSG_NOSIGNAL);
            if (n <= 0)
                _exit(1);
            tls_sent(server->tls, (size_t) n);
        }
        ssize_t n = recv(fd, bytes, sizeof(bytes), 0);
        struct err ignored;
        if (n <= 0 || tls_feed(server->tls, span_of(bytes, (size_t) n), &ignored) < 0)
            break;
    }
    tls_free(server->tls);
    grpc_free(server->grpc);
    server->tls = NULL;
    server->grpc = NULL;
}

void agent_lab_start_coordinator(struct agent_lab *lab)
{
    lab->coordinator = fork();
    need(lab->coordinator >= 0, "fork");
    if (lab->coordinator > 0) {
        close(lab->listener); /* the port is the child's alone: it goes with it */
        lab->listener = -1;
        return;
    }
    close(WIRE_FD);
    for (unsigned joins = 1;; joins++) {
        int fd = accept(lab->listener, NULL, NULL);
        lab->server.leaf_now_s = time(NULL);
        if (joins == lab->other_secret)
            lab->server.secret_len = 0;
        serve(&lab->server, fd);
        close(fd);
        if (joins == lab->joins_max)
            _exit(0);
    }
}

/* --- both --------------------------------------------------------------------------------------------------
 */

void agent_lab_open(struct agent_lab *lab, int64_t now_s)
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    socklen_t len = sizeof(at);
    memset(lab, 0, sizeof(*lab));
    lab->spare_wire = fcntl(WIRE_FD, F_DUPFD, SPARE_FD); /* the runner may have something there */
    lab->spare_listen = fcntl(WIRE_FD + 1, F_DUPFD, SPARE_FD);
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    lab->listener = fcntl(fd, F_DUPFD, SPARE_FD);
    close(fd);
    need(bind(lab->listener, (struct sockaddr *) &at, sizeof(at)) == 0 && listen(lab->listener, 8) == 0 &&
             getsockname(lab->listener, (struct sockaddr *) &at, &len) == 0,
         "listen");
    struct policy_coordinator *c = &lab->policy.coordinator;
    lab->policy.has_coordinator = true;
    *c = (struct policy_coordinator){
        .protocol = POLICY_CONTRAST,
        .address = {.kind = NETADDR_TCP4, .ip = {{127, 0, 0, 1}}},
        .has_root_ca_key = true,
        .deadline_ms = 20000,
        .retry_ms = 10,
        .retry_max_ms = 20
    };
    c->address.port = ntohs(at.sin_port);
    mesh_server_open(&lab->server, now_s);
    mesh_server_pin(&lab->server, c->root_ca_key_sha256);
    lab->notes = -1;
}

static void stop(pid_t pid)
{
    if (pid > 0) {
        (void) kill(pid, SIGKILL);
        (void) waitpid(pid, NULL, 0);
    }
}

static void put_back(int spare, int fd)
{
    if (spare >= 0) {
        (void) dup2(spare, fd);
        close(spare);
    } else {
        close(fd);
    }
}

void agent_lab_close(struct agent_lab *lab)
{
    stop(lab->pid1);
    stop(lab->coordinator);
    mesh_server_close(&lab->server);
    if (lab->listener >= 0)
        close(lab->listener);
    if (lab->notes >= 0)
        close(lab->notes);
    put_back(lab->spare_wire, WIRE_FD);
    put_back(lab->spare_listen, WIRE_FD + 1);
}
