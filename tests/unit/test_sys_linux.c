/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The real system layer, on the machine that runs the tests: what it promises beyond the call itself. Nothing
 * here needs root. */
#include "../../init/sys_linux.c"
#include "../../init/sys_linux_spawn.c"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/time.h>

#include <cmocka.h>

static void on_alarm(int signal)
{
    (void) signal;
}

/* Interrupt whatever sleeps in the kernel every 5 ms, without SA_RESTART. */
static void alarms(bool on)
{
    struct sigaction act = {.sa_handler = on_alarm};
    struct itimerval timer = {
        {0, on ? 5000 : 0},
        {0, on ? 5000 : 0}
    };

    assert_int_equal(sigaction(SIGALRM, &act, NULL), 0);
    assert_int_equal(setitimer(ITIMER_REAL, &timer, NULL), 0);
}

static pid_t run_shell(const char *script, int sock)
{
    char sh[] = "sh", c[] = "-c", path[] = "PATH=/bin:/usr/bin";
    char text[256];
    char *const argv[] = {sh, c, text, NULL};
    char *const envp[] = {path, NULL};

    (void) snprintf(text, sizeof text, "%s", script);
    return sys_spawn(&(struct sys_spawn){.path = "/bin/sh",
                                         .argv = argv,
                                         .envp = envp,
                                         .input = -1,
                                         .output = -1,
                                         .socket = sock,
                                         .listener = -1});
}

static void test_read_goes_on_after_a_signal(void **state)
{
    int fds[2];
    char c = 0;
    pid_t pid;

    (void) state;
    assert_int_equal(sys_socket_pair(fds), 0);
    pid = run_shell("sleep 0.1; printf x >&3", fds[1]);
    assert_true(pid > 0);
    alarms(true);
    assert_int_equal(sys_read(fds[0], &c, 1), 1);
    alarms(false);
    assert_int_equal(c, 'x');
    struct sys_end end;
    assert_int_equal(sys_wait_child(pid, 2000, &end), pid);
    (void) sys_close(fds[0]);
    (void) sys_close(fds[1]);
}

static void test_waits_keep_their_time(void **state)
{
    int fds[2];
    uint64_t start_ns = sys_now_ns();

    (void) state;
    assert_int_equal(sys_socket_pair(fds), 0);
    alarms(true);
    assert_int_equal(sys_wait_readable(fds[0], 60), 0);
    sys_sleep_ms(40);
    alarms(false);
    assert_true(sys_now_ns() - start_ns >= 100U * 1000000U);
    assert_int_equal(sys_wait_writable(fds[0], 0), 1);
    (void) sys_close(fds[1]);
    assert_int_equal(sys_wait_readable(fds[0], 0), 1); /* the end is readable */
    (void) sys_close(fds[0]);
}

static void test_messages(void **state)
{
    int fds[2];
    char buf[4];

    (void) state;
    assert_int_equal(sys_socket_pair(fds), 0);
    assert_int_equal(sys_send(fds[0], "123456", 6), 6);
    assert_int_equal(sys_recv(fds[1], buf, sizeof buf), 6); /* the whole length of a message that was cut */
    (void) sys_close(fds[0]);
    assert_int_equal(sys_recv(fds[1], buf, sizeof buf), 0);
    assert_int_equal(sys_send(fds[1], "1", 1), -EPIPE); /* and no SIGPIPE */
    (void) sys_close(fds[1]);
}

static void test_send_does_not_wait(void **state)
{
    static const char big[64 * 1024];
    int fds[2];
    ssize_t r = 0;

    (void) state;
    assert_int_equal(sys_socket_pair(fds), 0);
    for (int i = 0; i < 100 && r >= 0; i++)
        r = sys_send(fds[0], big, sizeof big);
    assert_int_equal(r, -EAGAIN);
    (void) sys_close(fds[0]);
    (void) sys_close(fds[1]);
}

static void test_ends_of_children(void **state)
{
    struct sys_end end = {0};
    pid_t pid;

    (void) state;
    pid = run_shell("exit 7", -1);
    assert_int_equal(sys_wait_child(pid, 2000, &end), pid);
    assert_false(end.by_signal);
    assert_int_equal(end.status, 7);
    pid = run_shell("kill -SEGV $$", -1);
    assert_int_equal(sys_wait_child(-1, 2000, &end), pid);
    assert_true(end.by_signal);
    assert_int_equal(end.status, SIGSEGV);
    assert_int_equal(sys_wait_child(-1, 0, &end), -ECHILD);
}

static void test_child_that_takes_too_long(void **state)
{
    struct sys_end end = {0};
    pid_t pid = run_shell("exec sleep 10", -1);

    (void) state;
    assert_true(pid > 0);
    alarms(true);
    assert_int_equal(sys_wait_child(pid, 50, &end), 0);
    alarms(false);
    assert_int_equal(sys_kill(pid, SIGKILL), 0);
    assert_int_equal(sys_wait_child(pid, 2000, &end), pid);
    assert_true(end.by_signal && end.status == SIGKILL);
}

static void test_missing_program(void **state)
{
    char name[] = "nothing";
    char *const argv[] = {name, NULL};
    char *const envp[] = {NULL};
    struct sys_end end;

    (void) state;
    assert_int_equal(sys_spawn(&(struct sys_spawn){.path = "/nonexistent/nothing",
                                                   .argv = argv,
                                                   .envp = envp,
                                                   .input = -1,
                                                   .output = -1,
                                                   .socket = -1,
                                                   .listener = -1}),
                     -ENOENT);
    assert_int_equal(sys_wait_child(-1, 0, &end), -ECHILD); /* reaped already */
}

/* A helper sees 0, 1, 2 and 3, whatever else is open here, with no signal blocked. */
static void test_child_inherits_nothing_else(void **state)
{
    static const char script[] =
        "for i in 0 1 2 3 4 5 6 7 8 9 10 11 12 16 17 18; do [ -e /proc/self/fd/$i ] &&"
        " printf $i, >&3; done; grep -q '^SigBlk:.0*$' /proc/self/status && printf ok >&3";
    int fds[2];
    char text[64] = "";
    size_t len = 0;
    struct sys_end end;
    sigset_t all, before;
    pid_t pid;

    (void) state;
    AUTO_FD extra = open("/dev/null", O_RDONLY); /* not close-on-exec */
    assert_true(extra >= 0);
    (void) sigfillset(&all);
    assert_int_equal(sigprocmask(SIG_SETMASK, &all, &before), 0);
    assert_int_equal(sys_socket_pair(fds), 0);
    pid = run_shell(script, fds[1]);
    assert_int_equal(sigprocmask(SIG_SETMASK, &before, NULL), 0);
    assert_true(pid > 0);
    (void) sys_close(fds[1]);
    for (ssize_t n = 1; n > 0 && len < sizeof text - 1; len += (size_t) n)
        n = sys_recv(fds[0], text + len, sizeof text - 1 - len);
    assert_int_equal(sys_wait_child(pid, 2000, &end), pid);
    assert_string_equal(text, "0,1,2,3,ok");
    (void) sys_close(fds[0]);
}

static void test_folders(void **state)
{
    char path[] = "/tmp/nacre-sys-XXXXXX";
    char inner[64];
    struct sys_names names;

    (void) state;
    assert_non_null(mkdtemp(path));
    assert_int_equal(sys_list_dir(path, &names), 0);
    assert_int_equal(names.count, 0);
    for (int i = 0; i <= SYS_NAMES_MAX; i++) {
        (void) snprintf(inner, sizeof inner, "%s/d%d", path, i);
        assert_int_equal(sys_mkdir(inner, 0700), 0);
    }
    assert_int_equal(sys_list_dir(path, &names), -E2BIG);
    (void) snprintf(inner, sizeof inner, "%s/d%d", path, SYS_NAMES_MAX);
    assert_int_equal(sys_rmdir(inner), 0);
    assert_int_equal(sys_list_dir(path, &names), 0);
    assert_int_equal(names.count, SYS_NAMES_MAX);
    for (int i = 0; i < SYS_NAMES_MAX; i++) {
        (void) snprintf(inner, sizeof inner, "%s/d%d", path, i);
        assert_int_equal(sys_rmdir(inner), 0);
    }
    assert_int_equal(sys_rmdir(path), 0);
    assert_int_equal(sys_list_dir(path, &names), -ENOENT);
}

/* Two folders change places; what was open in one stays what it was. */
static void test_exchange(void **state)
{
    char dir[] = "/tmp/nacre-sys-XXXXXX";
    char a[64], b[64], in_a[80], in_b[80];
    struct sys_names names;

    (void) state;
    assert_non_null(mkdtemp(dir));
    (void) snprintf(a, sizeof a, "%s/a", dir);
    (void) snprintf(b, sizeof b, "%s/b", dir);
    (void) snprintf(in_a, sizeof in_a, "%s/old", a);
    (void) snprintf(in_b, sizeof in_b, "%s/new", b);
    assert_int_equal(sys_mkdir(a, 0700), 0);
    assert_int_equal(sys_exchange(a, b), -ENOENT);
    assert_int_equal(sys_mkdir(b, 0700), 0);
    (void) sys_close(sys_open(in_a, O_CREAT | O_WRONLY, 0600));
    (void) sys_close(sys_open(in_b, O_CREAT | O_WRONLY, 0600));
    assert_int_equal(sys_exchange(a, b), 0);
    assert_int_equal(sys_list_dir(a, &names), 0);
    assert_string_equal(names.name[0], "new");
    assert_int_equal(sys_unlink(in_a), -ENOENT);
    (void) snprintf(in_a, sizeof in_a, "%s/new", a);
    (void) snprintf(in_b, sizeof in_b, "%s/old", b);
    assert_int_equal(sys_unlink(in_a), 0);
    assert_int_equal(sys_unlink(in_b), 0);
    assert_int_equal(sys_rmdir(a), 0);
    assert_int_equal(sys_rmdir(b), 0);
    assert_int_equal(sys_rmdir(dir), 0);
}

/* A socket that listens reaches a child as number 4, and does not block. */
static void test_listener(void **state)
{
    char dir[] = "/tmp/nacre-sys-XXXXXX";
    char path[64], longest[200];
    char sh[] = "sh", c[] = "-c", text[] = "[ -S /proc/self/fd/4 ] && [ ! -e /proc/self/fd/3 ]";
    char env[] = "PATH=/bin:/usr/bin";
    char *const argv[] = {sh, c, text, NULL};
    char *const envp[] = {env, NULL};
    struct sys_end end = {0};
    pid_t pid;

    (void) state;
    assert_non_null(mkdtemp(dir));
    (void) snprintf(path, sizeof path, "%s/s", dir);
    AUTO_FD fd = sys_listen(path, 4);
    assert_true(fd >= 0);
    assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
    assert_int_equal(accept(fd, NULL, NULL), -1);
    assert_int_equal(errno, EAGAIN);
    assert_int_equal(sys_listen(path, 4), -EADDRINUSE);
    memset(longest, 'a', sizeof longest - 1);
    longest[sizeof longest - 1] = '\0';
    assert_int_equal(sys_listen(longest, 4), -ENAMETOOLONG);
    pid = sys_spawn(&(struct sys_spawn){.path = "/bin/sh",
                                        .argv = argv,
                                        .envp = envp,
                                        .input = -1,
                                        .output = -1,
                                        .socket = -1,
                                        .listener = fd});
    assert_true(pid > 0);
    assert_int_equal(sys_wait_child(pid, 2000, &end), pid);
    assert_int_equal(end.status, 0);
    assert_int_equal(sys_unlink(path), 0);
    assert_int_equal(sys_rmdir(dir), 0);
}

static void test_descriptors_are_close_on_exec(void **state)
{
    AUTO_FD fd = sys_open("/dev/null", O_RDWR, 0);
    AUTO_FD sock = sys_socket(AF_INET, SOCK_DGRAM, 0);

    (void) state;
    assert_true(fd >= 0 && sock >= 0);
    assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
    assert_true(fcntl(sock, F_GETFD) & FD_CLOEXEC);
    assert_int_equal(sys_open("/nonexistent", O_RDONLY, 0), -ENOENT);
}

static void test_randomness(void **state)
{
    uint64_t a = 0, b = 0;
    uint8_t bytes[64] = {0};

    (void) state;
    assert_int_equal(sys_random(bytes, sizeof bytes), sizeof bytes);
    if (sys_cpu_random(&a) == -ENOSYS)
        skip();
    assert_int_equal(sys_cpu_random(&b), 0);
    assert_true(a != b);
}

/* Run end() as process 1 of its own PID namespace, where the kernel turns a power-off into the death of that
 * process by SIGINT (a restart would be SIGHUP). */
static void check_power_off(void (*end)(void))
{
    unsigned long flags = CLONE_NEWUSER | CLONE_NEWPID | SIGCHLD;
    struct sys_end how = {0};
    long pid = syscall(SYS_clone, flags, 0, 0, 0, 0);

    if (pid < 0)
        skip(); /* a machine without user namespaces */
    if (pid == 0) {
        end();
        _exit(1);
    }
    assert_int_equal(sys_wait_child((pid_t) pid, 5000, &how), pid);
    assert_true(how.by_signal);
    assert_int_equal(how.status, SIGINT);
}

static void fault(void)
{
    if (sys_signals_init() == 0)
        __builtin_trap();
}

static int deeper(volatile const char *outer)
{
    volatile char inner[1024];

    inner[0] = outer[0];
    return inner[0] == 'x' ? 0 : deeper(inner) + inner[0];
}

/* The handler has a stack of its own. */
static void overflow(void)
{
    struct rlimit small = {.rlim_cur = 65536, .rlim_max = 65536};

    if (setrlimit(RLIMIT_STACK, &small) == 0 && sys_signals_init() == 0)
        (void) deeper("y");
}

static void test_power_off(void **state)
{
    (void) state;
    check_power_off(sys_power_off);
}

static void test_fault_of_pid_1(void **state)
{
    (void) state;
    check_power_off(fault);
    check_power_off(overflow);
}

/* Signals wait until they are asked for, and sleeping for them has an end. */
static void test_signals(void **state)
{
    sigset_t before;
    int signal = -1;
    int fds[2];
    char c;

    (void) state;
    assert_int_equal(sigprocmask(SIG_SETMASK, NULL, &before), 0);
    assert_int_equal(sys_signals_init(), 0);
    assert_int_equal(sys_kill(getpid(), SIGTERM), 0);
    assert_int_equal(sys_wait_event(-1, SYS_FOREVER, &signal), 0);
    assert_int_equal(signal, SIGTERM);
    assert_int_equal(sys_wait_event(-1, 10, &signal), 0);
    assert_int_equal(signal, 0);
    /* A message and a signal at once are both told; the end of the peer is readable. */
    assert_int_equal(sys_socket_pair(fds), 0);
    assert_int_equal(sys_wait_event(fds[0], 10, &signal), 0);
    assert_int_equal(signal, 0);
    assert_int_equal(sys_send(fds[1], "x", 1), 1);
    assert_int_equal(sys_kill(getpid(), SIGUSR1), 0);
    assert_int_equal(sys_wait_event(fds[0], SYS_FOREVER, &signal), 1);
    assert_int_equal(signal, SIGUSR1);
    assert_int_equal(sys_recv(fds[0], &c, 1), 1);
    (void) sys_close(fds[1]);
    assert_int_equal(sys_wait_event(fds[0], SYS_FOREVER, &signal), 1);
    (void) sys_close(fds[0]);
    assert_int_equal(sigprocmask(SIG_SETMASK, &before, NULL), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_read_goes_on_after_a_signal),
        cmocka_unit_test(test_waits_keep_their_time),
        cmocka_unit_test(test_messages),
        cmocka_unit_test(test_send_does_not_wait),
        cmocka_unit_test(test_ends_of_children),
        cmocka_unit_test(test_child_that_takes_too_long),
        cmocka_unit_test(test_missing_program),
        cmocka_unit_test(test_child_inherits_nothing_else),
        cmocka_unit_test(test_folders),
        cmocka_unit_test(test_exchange),
        cmocka_unit_test(test_listener),
        cmocka_unit_test(test_descriptors_are_close_on_exec),
        cmocka_unit_test(test_randomness),
        cmocka_unit_test(test_power_off),
        cmocka_unit_test(test_fault_of_pid_1),
        cmocka_unit_test(test_signals),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
