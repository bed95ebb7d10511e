/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sandbox.h"

#include "filter.h"
#include "os.h"
#include "wire.h"

#include <sched.h>
#include <sys/resource.h>

/* 0, 1, 2, the channel, the socket that listens, the connection, the workload's */
#define OPEN_FILES_MAX (6 + SERVE_CONNECTIONS_MAX)

static int close_channel_on_exec(void)
{
    return os_close_on_exec(WIRE_FD);
}

/* PID 1 has put us into a process namespace of our own, which cannot be entered after the start. */
static int new_namespaces(void)
{
    return os_new_namespaces(CLONE_NEWNS | CLONE_NEWIPC | CLONE_NEWUTS);
}

static int become_nobody(void)
{
    return os_become(SANDBOX_UID, SANDBOX_UID);
}

static int limit_open_files(void)
{
    return os_limit(RLIMIT_NOFILE, OPEN_FILES_MAX);
}

static int no_core_file(void)
{
    return os_limit(RLIMIT_CORE, 0);
}

static int no_processes(void)
{
    return os_limit(RLIMIT_NPROC, 0);
}

/* The capabilities go in two moves: the bounding set while we still may, the rest with the user. */
static const struct drop {
    const char *what;
    int (*run)(void);
} drops[] = {
    {"close the channel on execve", close_channel_on_exec},
    {"enter namespaces of its own", new_namespaces       },
    {"enter an empty root",         os_empty_root        },
    {"limit open files",            limit_open_files     },
    {"forbid core files",           no_core_file         },
    {"forbid processes",            no_processes         },
    {"drop the bounding set",       os_drop_bounding     },
    {"drop the user",               become_nobody        },
    {"drop capabilities",           os_drop_capabilities },
    {"become undumpable",           os_not_dumpable      },
    {"set no_new_privs",            os_no_new_privileges },
};

static int close_filter(struct err *err)
{
    struct sock_filter code[FILTER_MAX];
    struct sock_fprog program = {.filter = code};
    if (filter_build(code, &program.len, err) < 0)
        return -1;
    int rc = os_filter(&program);
    return rc < 0 ? err_set(err, ERR_SYS, -rc, "sandbox: cannot set the filter") : 0;
}

int sandbox_enter(struct agent *agent, struct err *err)
{
    (void) agent;
    for (size_t i = 0; i < sizeof(drops) / sizeof(drops[0]); i++) {
        int rc = drops[i].run();
        if (rc < 0)
            return err_set(err, ERR_SYS, -rc, "sandbox: cannot %s", drops[i].what);
    }
    return close_filter(err);
}
