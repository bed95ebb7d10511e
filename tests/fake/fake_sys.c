/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "fake_inner.h"

#include "report.h"

#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>

struct fake fake;
struct inner inner;

int fake_hit(void)
{
    inner.now_ns += 1000;
    return ++fake.calls == fake.fail_at ? fake.fail_errno : 0;
}

/* --- nodes --- */

struct node *fake_node(const char *path)
{
    for (int i = 0; i < NODES; i++)
        if (strcmp(inner.nodes[i].path, path) == 0)
            return &inner.nodes[i];
    return NULL;
}

struct node *fake_make_node(const char *path)
{
    struct node *n = fake_node(path);

    if (n == NULL)
        n = fake_node("");
    if (n == NULL || strlen(path) >= sizeof n->path)
        abort();
    fake_drop_node(n);
    memcpy(n->path, path, strlen(path) + 1);
    return n;
}

void fake_drop_node(struct node *n)
{
    free(n->owned);
    *n = (struct node){0};
}

void fake_set_owned(struct node *n, const void *data, size_t len)
{
    uint8_t *copy = malloc(len + 1);

    if (copy == NULL)
        abort();
    memcpy(copy, data, len);
    free(n->owned);
    n->owned = copy;
    n->data = copy;
    n->len = len;
}

void fake_file(const char *path, const void *data, size_t len)
{
    struct node *n = data != NULL ? fake_make_node(path) : fake_node(path);

    if (data == NULL && n != NULL)
        fake_drop_node(n);
    if (data != NULL) {
        n->data = data;
        n->len = len;
    }
}

void fake_text(const char *path, const char *text)
{
    fake_file(path, text, text != NULL ? strlen(text) : 0);
}

const uint8_t *fake_content(const char *path, size_t *len, unsigned int *mode, uid_t *uid)
{
    const struct node *n = fake_node(path);

    if (n == NULL)
        return NULL;
    *len = n->len;
    *mode = n->mode;
    *uid = n->uid;
    return n->data;
}

void fake_reset(void)
{
    for (int i = 0; i < NODES; i++)
        fake_drop_node(&inner.nodes[i]);
    fake_drop_children();
    memset(&inner, 0, sizeof inner);
    memset(&fake, 0, sizeof fake);
    for (int i = 0; i < 3; i++)
        inner.fds[i].kind = FD_INHERITED;
    fake.rdrand_step = 7;
    fake.clock_s = 1800000000;
    fake.launch_output = -2;
    fake_machine();
}

int fake_open_descriptors(void)
{
    int n = 0;

    for (int i = 3; i < FDS; i++)
        n += inner.fds[i].kind != FD_FREE;
    return n;
}

int fake_entries(void)
{
    return inner.entries;
}

/* --- descriptors --- */

int fake_new_fd(enum fd_kind kind, int node)
{
    for (int i = 0; i < FDS; i++) {
        if (inner.fds[i].kind == FD_FREE) {
            inner.fds[i] = (struct fd){.kind = kind, .node = node};
            return i;
        }
    }
    abort();
}

static struct fd *get(int fd)
{
    if (fd < 0 || fd >= FDS || inner.fds[fd].kind == FD_FREE)
        abort(); /* PID 1 uses a descriptor that it does not have */
    return &inner.fds[fd];
}

int sys_open(const char *path, int flags, unsigned int mode)
{
    int e = fake_hit();
    struct node *n = fake_node(path);

    if (e != 0)
        return -e;
    if (strcmp(path, "/dev/console") == 0)
        return fake.no_console ? -ENODEV : fake_new_fd(FD_CONSOLE, 0);
    if (strcmp(path, "/dev/kmsg") == 0)
        return fake_new_fd(FD_CONSOLE, 0);
    if (strcmp(path, "/dev/null") == 0)
        return fake_new_fd(FD_NULL, 0);
    if (strcmp(path, "/dev/vport0p1") == 0)
        return fake_new_fd(FD_PORT, 0);
    if (flags & O_CREAT) {
        if (n != NULL)
            return -EEXIST;
        n = fake_make_node(path);
        n->mode = mode;
    }
    return n == NULL ? -ENOENT : fake_new_fd(FD_NODE, (int) (n - inner.nodes));
}

int sys_close(int fd)
{
    struct fd *f = get(fd);

    if (f->kind == FD_NODE && strstr(inner.nodes[f->node].path, "/inblob") != NULL)
        fake_entry_write(&inner.nodes[f->node]); /* configfs takes a binary attribute when it is closed */
    f->kind = FD_FREE;
    return 0;
}

ssize_t sys_pread(int fd, void *buf, size_t len, uint64_t offset_bytes)
{
    const struct node *n = &inner.nodes[get(fd)->node];
    size_t left = offset_bytes < n->len ? n->len - (size_t) offset_bytes : 0;
    int e = fake_hit();

    if (e != 0)
        return -e;
    if (len > left)
        len = left;
    if (len > 0)
        memcpy(buf, n->data + offset_bytes, len);
    return (ssize_t) len;
}

ssize_t sys_read(int fd, void *buf, size_t len)
{
    struct fd *f = get(fd);
    ssize_t n = sys_pread(fd, buf, len, f->pos);

    if (n > 0)
        f->pos += (size_t) n;
    return n;
}

static void append_text(char *to, const void *buf, size_t len)
{
    size_t have = strlen(to);

    if (len > FAKE_TEXT_MAX - 1 - have)
        len = FAKE_TEXT_MAX - 1 - have;
    memcpy(to + have, buf, len);
    to[have + len] = '\0';
}

ssize_t sys_write(int fd, const void *buf, size_t len)
{
    struct fd *f = get(fd);
    int e = f->kind == FD_CONSOLE ? 0 : fake_hit(); /* a console that takes nothing changes nothing */

    if (e != 0)
        return -e;
    if (f->kind == FD_CONSOLE)
        append_text(fake.console, buf, len);
    else if (f->kind == FD_PORT)
        append_text(fake.record, buf, len);
    else
        fake_set_owned(&inner.nodes[f->node], buf, len);
    return (ssize_t) len;
}

int sys_dup_to(int fd, int to)
{
    int e = fake_hit();

    if (e != 0)
        return -e;
    inner.fds[to] = *get(fd);
    return to;
}

int sys_owner(int fd, uid_t uid, gid_t gid)
{
    int e = fake_hit();

    (void) gid;
    if (e == 0)
        inner.nodes[get(fd)->node].uid = uid;
    return -e;
}

int sys_chown(const char *path, uid_t uid, gid_t gid)
{
    (void) path, (void) uid, (void) gid;
    return -fake_hit();
}

int sys_mkdir(const char *path, unsigned int mode)
{
    int e = fake_hit();

    (void) mode;
    if (e != 0)
        return -e;
    return strncmp(path, REPORT_DIR "/", sizeof REPORT_DIR) == 0 ? fake_entry_make(path) : 0;
}

int sys_rmdir(const char *path)
{
    int e = fake_hit();

    if (strncmp(path, REPORT_DIR, sizeof REPORT_DIR - 1) == 0)
        inner.entries--; /* the test looks at what is left when all went well */
    if (e != 0)
        return -e;
    for (int i = 0; i < NODES; i++)
        if (strncmp(inner.nodes[i].path, path, strlen(path)) == 0)
            fake_drop_node(&inner.nodes[i]);
    return 0;
}

int sys_unlink(const char *path)
{
    int e = fake_hit();
    struct node *n = fake_node(path);

    if (e != 0)
        return -e;
    if (n == NULL)
        return -ENOENT;
    fake_drop_node(n);
    return 0;
}

/* Is path below dir? Returns what follows the slash. */
static const char *below(const char *path, const char *dir)
{
    size_t len = strlen(dir);

    return strncmp(path, dir, len) == 0 && path[len] == '/' ? path + len + 1 : NULL;
}

int sys_exchange(const char *a, const char *b)
{
    int e = fake_hit();

    if (e != 0)
        return -e;
    for (int i = 0; i < NODES; i++) {
        struct node *n = &inner.nodes[i];
        const char *in_a = below(n->path, a);
        const char *in_b = below(n->path, b);
        char path[sizeof n->path];

        if (in_a == NULL && in_b == NULL)
            continue;
        if (snprintf(path, sizeof path, "%s/%s", in_a != NULL ? b : a, in_a != NULL ? in_a : in_b) >=
            (int) sizeof path)
            abort();
        memcpy(n->path, path, sizeof path);
    }
    return 0;
}

static bool has_name(const struct sys_names *names, const char *name)
{
    for (size_t i = 0; i < names->count; i++)
        if (strcmp(names->name[i], name) == 0)
            return true;
    return false;
}

int sys_list_dir(const char *path, struct sys_names *names)
{
    int e = fake_hit();
    size_t len = strlen(path);

    if (e != 0)
        return -e;
    names->count = 0;
    for (int i = 0; i < NODES; i++) {
        const char *p = inner.nodes[i].path;
        char name[SYS_NAME_MAX] = "";

        if (strncmp(p, path, len) != 0 || p[len] != '/')
            continue;
        memcpy(name, p + len + 1, strcspn(p + len + 1, "/"));
        if (!has_name(names, name))
            memcpy(names->name[names->count++], name, sizeof name);
    }
    return names->count > 0 ? 0 : -ENOENT;
}

int sys_mount(const char *source, const char *target, const char *type, unsigned long flags, const char *data)
{
    (void) source, (void) target, (void) type, (void) flags, (void) data;
    return -fake_hit();
}

int sys_umount(const char *target)
{
    int e = fake_hit();

    (void) target;
    if (e != 0)
        return -e;
    if (fake.busy_umounts > 0) {
        fake.busy_umounts--;
        return -EBUSY;
    }
    fake.umounts++;
    return 0;
}

int sys_socket(int domain, int type, int protocol)
{
    int e = fake_hit();

    (void) domain, (void) type, (void) protocol;
    return e != 0 ? -e : fake_new_fd(FD_INET, 0);
}

int sys_ioctl(int fd, unsigned long request, void *arg)
{
    struct ifreq *r = arg;
    int e = fake_hit();

    (void) get(fd);
    if (e != 0)
        return -e;
    if (request == SIOCADDRT) {
        fake.gateway = true;
        return 0;
    }
    if (strcmp(r->ifr_name, "lo") != 0 && strcmp(r->ifr_name, "eth0") != 0)
        return -ENODEV;
    if (request == SIOCSIFFLAGS && (r->ifr_flags & IFF_UP) != 0)
        *(r->ifr_name[0] == 'l' ? &fake.lo_up : &fake.eth_up) = true;
    return 0;
}
