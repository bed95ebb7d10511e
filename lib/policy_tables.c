/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "policy_tables.h"

#include "policy.h"

#include <sys/resource.h>

/* In the order of linux/capability.h: the place is the number. */
static const char *const capabilities[POLICY_CAPABILITY_LAST + 1] = {
    "CAP_CHOWN",
    "CAP_DAC_OVERRIDE",
    "CAP_DAC_READ_SEARCH",
    "CAP_FOWNER",
    "CAP_FSETID",
    "CAP_KILL",
    "CAP_SETGID",
    "CAP_SETUID",
    "CAP_SETPCAP",
    "CAP_LINUX_IMMUTABLE",
    "CAP_NET_BIND_SERVICE",
    "CAP_NET_BROADCAST",
    "CAP_NET_ADMIN",
    "CAP_NET_RAW",
    "CAP_IPC_LOCK",
    "CAP_IPC_OWNER",
    "CAP_SYS_MODULE",
    "CAP_SYS_RAWIO",
    "CAP_SYS_CHROOT",
    "CAP_SYS_PTRACE",
    "CAP_SYS_PACCT",
    "CAP_SYS_ADMIN",
    "CAP_SYS_BOOT",
    "CAP_SYS_NICE",
    "CAP_SYS_RESOURCE",
    "CAP_SYS_TIME",
    "CAP_SYS_TTY_CONFIG",
    "CAP_MKNOD",
    "CAP_LEASE",
    "CAP_AUDIT_WRITE",
    "CAP_AUDIT_CONTROL",
    "CAP_SETFCAP",
    "CAP_MAC_OVERRIDE",
    "CAP_MAC_ADMIN",
    "CAP_SYSLOG",
    "CAP_WAKE_ALARM",
    "CAP_BLOCK_SUSPEND",
    "CAP_AUDIT_READ",
    "CAP_PERFMON",
    "CAP_BPF",
    "CAP_CHECKPOINT_RESTORE",
};

struct rlimit_row {
    const char *name;
    int resource;
};

static const struct rlimit_row rlimits[] = {
    {"as",         RLIMIT_AS        },
    {"core",       RLIMIT_CORE      },
    {"cpu",        RLIMIT_CPU       },
    {"data",       RLIMIT_DATA      },
    {"fsize",      RLIMIT_FSIZE     },
    {"locks",      RLIMIT_LOCKS     },
    {"memlock",    RLIMIT_MEMLOCK   },
    {"msgqueue",   RLIMIT_MSGQUEUE  },
    {"nice",       RLIMIT_NICE      },
    {"nofile",     RLIMIT_NOFILE    },
    {"nproc",      RLIMIT_NPROC     },
    {"rss",        RLIMIT_RSS       },
    {"rtprio",     RLIMIT_RTPRIO    },
    {"rttime",     RLIMIT_RTTIME    },
    {"sigpending", RLIMIT_SIGPENDING},
    {"stack",      RLIMIT_STACK     },
};

const char *policy_capability_name(unsigned number)
{
    return number <= POLICY_CAPABILITY_LAST ? capabilities[number] : NULL;
}

bool policy_capability_number(struct span name, unsigned *number)
{
    for (unsigned i = 0; i <= POLICY_CAPABILITY_LAST; i++) {
        if (span_eq_str(name, capabilities[i])) {
            *number = i;
            return true;
        }
    }
    return false;
}

bool policy_rlimit_resource(struct span name, int *resource)
{
    for (size_t i = 0; i < sizeof(rlimits) / sizeof(rlimits[0]); i++) {
        if (span_eq_str(name, rlimits[i].name)) {
            *resource = rlimits[i].resource;
            return true;
        }
    }
    return false;
}
