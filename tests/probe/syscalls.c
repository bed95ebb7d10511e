/* SPDX-License-Identifier: GPL-2.0-or-later */
/* probe syscalls: try each call that a confined workload must not make; print its errno, "ok", or the signal.
 */
#include "probe.h"

#include <errno.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define X32_BIT 0x40000000L
#define I386_GETPID 20

/* Arguments of -1 are invalid for all of them: an allowed call fails harmlessly, with another errno than the
 * filter's. */
static const struct {
    const char *name;
    long number;
} calls[] = {
    {"acct",              SYS_acct             },
    {"add_key",           SYS_add_key          },
    {"bpf",               SYS_bpf              },
    {"clone3",            SYS_clone3           },
    {"delete_module",     SYS_delete_module    },
    {"finit_module",      SYS_finit_module     },
    {"fsopen",            SYS_fsopen           },
    {"init_module",       SYS_init_module      },
    {"io_uring_setup",    SYS_io_uring_setup   },
    {"kexec_load",        SYS_kexec_load       },
    {"keyctl",            SYS_keyctl           },
    {"mount",             SYS_mount            },
    {"move_mount",        SYS_move_mount       },
    {"open_by_handle_at", SYS_open_by_handle_at},
    {"open_tree",         SYS_open_tree        },
    {"perf_event_open",   SYS_perf_event_open  },
    {"pivot_root",        SYS_pivot_root       },
    {"process_vm_readv",  SYS_process_vm_readv },
    {"ptrace",            SYS_ptrace           },
    {"reboot",            SYS_reboot           },
    {"request_key",       SYS_request_key      },
    {"setns",             SYS_setns            },
    {"settimeofday",      SYS_settimeofday     },
    {"swapon",            SYS_swapon           },
    {"syslog",            SYS_syslog           },
    {"umount2",           SYS_umount2          },
    {"unshare",           SYS_unshare          },
    {"userfaultfd",       SYS_userfaultfd      },
};

static void outcome(const char *name, long rc, int error)
{
    printf("call_%s=%s\n", name, rc >= 0 ? "ok" : probe_errno(error));
}

static void call_x32(void)
{
    (void) syscall(X32_BIT | SYS_getpid);
}

static void call_i386(void)
{
    long rc = I386_GETPID;

    __asm__ volatile("int $0x80" : "+a"(rc) : : "memory", "r8", "r9", "r10", "r11");
}

/* A filter may kill for these: try them in a child. */
static void in_child(const char *name, void (*call)(void))
{
    int status = 0;
    pid_t pid = fork();

    if (pid == 0) {
        call();
        _exit(0);
    }
    if (pid < 0 || waitpid(pid, &status, 0) != pid)
        printf("call_%s=%s\n", name, probe_errno(errno));
    else if (WIFSIGNALED(status))
        printf("call_%s=signal %d\n", name, WTERMSIG(status));
    else
        printf("call_%s=ok\n", name);
}

int probe_syscalls(int argc, char **argv)
{
    (void) argc;
    (void) argv;
    for (size_t i = 0; i < sizeof calls / sizeof calls[0]; i++) {
        errno = 0;
        long rc = syscall(calls[i].number, -1L, -1L, -1L, -1L, -1L, -1L);
        outcome(calls[i].name, rc, errno);
    }
    in_child("x32", call_x32);
    in_child("i386", call_i386);
    return 0;
}
