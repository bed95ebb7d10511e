/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "listen_addr.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/vm_sockets.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define BACKLOG 1024 /* the kernel may have a smaller maximum */

struct target {
    struct sockaddr_storage addr;
    socklen_t len;
};

static int parse_port(const char *text, unsigned long max, unsigned long *port)
{
    unsigned long value = 0;

    if (*text == '\0' || (*text == '0' && text[1] != '\0'))
        return -1;
    for (; *text != '\0'; text++) {
        if (*text < '0' || *text > '9')
            return -1;
        value = value * 10 + (unsigned long) (*text - '0');
        if (value > max)
            return -1;
    }
    *port = value;
    return 0;
}

static int parse_vsock(const char *text, struct target *out)
{
    unsigned long port;

    if (parse_port(text, 0xfffffffe, &port) < 0)
        return -1;
    const struct sockaddr_vm vm = {.svm_family = AF_VSOCK,
                                   .svm_cid = VMADDR_CID_ANY,
                                   .svm_port = port == 0 ? VMADDR_PORT_ANY : (unsigned) port};
    memcpy(&out->addr, &vm, sizeof vm);
    out->len = sizeof vm;
    return 0;
}

static int parse_ip(char *host, const char *port_text, struct target *out)
{
    struct sockaddr_in in4 = {.sin_family = AF_INET};
    struct sockaddr_in6 in6 = {.sin6_family = AF_INET6};
    size_t len = strlen(host);
    unsigned long port;

    if (parse_port(port_text, 65535, &port) < 0)
        return -1;
    in4.sin_port = htons((uint16_t) port);
    in6.sin6_port = htons((uint16_t) port);
    if (inet_pton(AF_INET, host, &in4.sin_addr) == 1) {
        memcpy(&out->addr, &in4, sizeof in4);
        out->len = sizeof in4;
        return 0;
    }
    if (len < 2 || host[0] != '[' || host[len - 1] != ']')
        return -1;
    host[len - 1] = '\0';
    if (inet_pton(AF_INET6, host + 1, &in6.sin6_addr) != 1)
        return -1;
    memcpy(&out->addr, &in6, sizeof in6);
    out->len = sizeof in6;
    return 0;
}

static int parse(const char *text, struct target *out)
{
    char host[LISTEN_ADDR_NAME_MAX];
    const char *colon = strrchr(text, ':');

    if (strncmp(text, "vsock:", 6) == 0)
        return parse_vsock(text + 6, out);
    if (colon == NULL || (size_t) (colon - text) >= sizeof host)
        return -1;
    memcpy(host, text, (size_t) (colon - text));
    host[colon - text] = '\0';
    return parse_ip(host, colon + 1, out);
}

int listen_addr_open(const char *text, struct err *err)
{
    struct target target = {0};
    const int on = 1;

    if (parse(text, &target) < 0)
        return err_set(err, ERR_FORMAT, 0, "%s: expected ADDR:PORT, [ADDR6]:PORT or vsock:PORT", text);
    int fd = socket(target.addr.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return err_set(err, ERR_SYS, errno, "socket for %s", text);
    (void) setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on); /* only eases a restart */
    if (bind(fd, (const struct sockaddr *) &target.addr, target.len) < 0 || listen(fd, BACKLOG) < 0) {
        int saved = errno;

        (void) close(fd);
        return err_set(err, ERR_SYS, saved, "listen on %s", text);
    }
    return fd;
}

void listen_addr_name(const struct sockaddr_storage *addr, char name[LISTEN_ADDR_NAME_MAX])
{
    struct sockaddr_in in4;
    struct sockaddr_in6 in6;
    struct sockaddr_vm vm;
    char host[INET6_ADDRSTRLEN] = "";

    memcpy(&in4, addr, sizeof in4);
    memcpy(&in6, addr, sizeof in6);
    memcpy(&vm, addr, sizeof vm);
    if (addr->ss_family == AF_INET && inet_ntop(AF_INET, &in4.sin_addr, host, sizeof host) != NULL)
        (void) snprintf(name, LISTEN_ADDR_NAME_MAX, "%s:%u", host, ntohs(in4.sin_port));
    else if (addr->ss_family == AF_INET6 && inet_ntop(AF_INET6, &in6.sin6_addr, host, sizeof host) != NULL)
        (void) snprintf(name, LISTEN_ADDR_NAME_MAX, "[%s]:%u", host, ntohs(in6.sin6_port));
    else if (addr->ss_family == AF_VSOCK)
        (void) snprintf(name, LISTEN_ADDR_NAME_MAX, "vsock:%u:%u", vm.svm_cid, vm.svm_port);
    else
        (void) snprintf(name, LISTEN_ADDR_NAME_MAX, "unknown");
}
