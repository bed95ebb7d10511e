/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "policy_parts.h"

#include <string.h>

/* One component of a path, and after it either the end or another one. */
static bool policy_is_component(const char *text, size_t len)
{
    if (len == 0 || (len == 1 && text[0] == '.') || (len == 2 && text[0] == '.' && text[1] == '.'))
        return false;
    for (size_t i = 0; i < len; i++)
        if ((unsigned char) text[i] < 0x20 || text[i] == 0x7f)
            return false;
    return true;
}

static bool policy_is_path(const char *path)
{
    const char *at = path;

    if (at[0] != '/')
        return false;
    if (at[1] == '\0')
        return true;
    while (*at == '/') {
        const size_t len = strcspn(at + 1, "/");

        if (!policy_is_component(at + 1, len))
            return false;
        at += 1 + len;
    }
    return true;
}

int policy_path_check(const struct json *at, const char *path, struct err *err)
{
    if (strlen(path) > POLICY_PATH_MAX)
        return json_fail(at, err, ERR_LIMIT, "a path of more than %d bytes", POLICY_PATH_MAX);
    if (!policy_is_path(path))
        return json_fail(at, err, ERR_FORMAT,
                         "expected an absolute path without empty parts, \".\" or \"..\"");
    return 0;
}

int policy_path_item(const struct json *at, struct arena *strings, void *out, struct err *err)
{
    const char **path = out;

    if (json_keep(at, POLICY_PATH_MAX, strings, path, err) < 0)
        return -1;
    return policy_path_check(at, *path, err);
}

int policy_name(const struct json *at, size_t max, const char *allowed, struct arena *strings,
                const char **name, struct err *err)
{
    const char *got;

    if (json_keep(at, max, strings, &got, err) < 0)
        return -1;
    if (strspn(got, allowed) != strlen(got))
        return json_fail(at, err, ERR_FORMAT, "a character other than %s", allowed);
    *name = got;
    return 0;
}

int policy_serial_item(const struct json *at, struct arena *strings, void *out, struct err *err)
{
    const char **serial = out;

    return policy_name(at, POLICY_SERIAL_MAX,
                       "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-", strings, serial,
                       err);
}

bool policy_path_is_reserved(const char *path)
{
    static const char *const roots[] = {"/proc", "/sys", "/dev"};

    if (strcmp(path, "/") == 0)
        return true;
    if (strcmp(path, "/dev/shm") == 0)
        return false;
    for (size_t i = 0; i < POLICY_COUNT(roots); i++) {
        const size_t len = strlen(roots[i]);

        if (strncmp(path, roots[i], len) == 0 && (path[len] == '\0' || path[len] == '/'))
            return true;
    }
    return false;
}
