/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "listeners.h"

#include "joinlog.h"
#include "listen_addr.h"

#include <string.h>
#include <unistd.h>

struct door {
    const char *option;
    const char *usual; /* without the option: Contrast's port */
};

static const struct door doors[LIMITS_DOORS] = {
    [LIMITS_MESH] = {"--listen",         "0.0.0.0:7777"},
    [LIMITS_USER] = {"--user-listen",    "0.0.0.0:1313"},
    [LIMITS_HTTP] = {"--http-listen",    "0.0.0.0:1314"},
    [LIMITS_METRICS] = {"--metrics-listen", "0.0.0.0:9102"},
};

const char *listeners_option(enum limits_door door)
{
    return doors[door].option;
}

static int open_door(enum limits_door door, const char *text, struct listeners *l, struct err *err)
{
    int fd = listen_addr_open(text, err);

    if (fd < 0)
        return err_prefix(err, "%s", doors[door].option);
    l->list[l->count++] = (struct server_listener){.fd = fd, .door = door};
    return 0;
}

int listeners_open(const struct listeners_texts *texts, struct listeners *out, struct err *err)
{
    struct listeners l = {0};

    for (int i = 0; i < LIMITS_DOORS; i++) {
        const char *text = texts->door[i] != NULL ? texts->door[i] : doors[i].usual;

        if (strcmp(text, "none") == 0)
            continue;
        if (open_door((enum limits_door) i, text, &l, err) < 0) {
            listeners_close(&l);
            return -1;
        }
    }
    *out = l;
    return 0;
}

void listeners_close(struct listeners *l)
{
    for (size_t i = 0; i < l->count; i++)
        (void) close(l->list[i].fd);
    l->count = 0;
}

void listeners_announce(const struct listeners *l, int64_t now_s)
{
    for (size_t i = 0; i < l->count; i++) {
        struct sockaddr_storage addr = {0};
        socklen_t len = sizeof addr;
        char name[LISTEN_ADDR_NAME_MAX];

        (void) getsockname(l->list[i].fd, (struct sockaddr *) &addr, &len); /* "unknown" is fine */
        listen_addr_name(&addr, name);
        joinlog_note(now_s, "listening on %s (%s)", name, limits_door_name(l->list[i].door));
    }
}
