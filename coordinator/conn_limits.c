/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "conn_limits.h"

#include "session.h"

#include <linux/vm_sockets.h>
#include <netinet/in.h>
#include <string.h>

static const uint32_t values[LIMITS_DOORS][LIMITS_COUNT] = {
    [LIMITS_MESH] = {[LIMITS_CONNECTIONS] = 512,
                     [LIMITS_PER_ADDRESS] = 256,
                     [LIMITS_HANDSHAKE_MS] = 5000,
                     [LIMITS_DEADLINE_MS] = 25000,                    /* Contrast's own */
                     [LIMITS_IDLE_MS] = 10000,
                     [LIMITS_INPUT_BYTES] = SESSION_INPUT_MAX},
    [LIMITS_USER] = {[LIMITS_CONNECTIONS] = 64,
                     [LIMITS_PER_ADDRESS] = 32,
                     [LIMITS_HANDSHAKE_MS] = 5000,
                     [LIMITS_DEADLINE_MS] = 25000,
                     [LIMITS_IDLE_MS] = 10000,
                     [LIMITS_INPUT_BYTES] = SESSION_USER_INPUT_MAX},
    [LIMITS_HTTP] = {[LIMITS_CONNECTIONS] = 64,
                     [LIMITS_PER_ADDRESS] = 32,
                     [LIMITS_HANDSHAKE_MS] = 5000,
                     [LIMITS_DEADLINE_MS] = 15000,
                     [LIMITS_ATTESTATIONS] = 10},
    [LIMITS_METRICS] = {[LIMITS_CONNECTIONS] = 16,
                     [LIMITS_PER_ADDRESS] = 8,
                     [LIMITS_HANDSHAKE_MS] = 5000,
                     [LIMITS_DEADLINE_MS] = 15000                     },
};

const char *limits_door_name(enum limits_door door)
{
    static const char *const names[LIMITS_DOORS] = {"mesh", "user", "http", "metrics"};

    return door < LIMITS_DOORS ? names[door] : "none";
}

const char *limits_name_text(enum limits_name name)
{
    static const char *const names[LIMITS_COUNT] = {
        [LIMITS_CONNECTIONS] = "connections",
        [LIMITS_PER_ADDRESS] = "connections_per_address",
        [LIMITS_HANDSHAKE_MS] = "handshake_ms",
        [LIMITS_DEADLINE_MS] = "deadline_ms",
        [LIMITS_IDLE_MS] = "idle_ms",
        [LIMITS_INPUT_BYTES] = "input_bytes",
        [LIMITS_ATTESTATIONS] = "attestations_per_second",
    };

    return name < LIMITS_COUNT ? names[name] : "none";
}

uint32_t limits_value(enum limits_door door, enum limits_name name)
{
    return values[door][name];
}

size_t limits_total(void)
{
    size_t total = 0;

    for (int door = 0; door < LIMITS_DOORS; door++)
        total += values[door][LIMITS_CONNECTIONS];
    return total;
}

static void address_ip4(const uint8_t ip4[4], struct limits_address *out)
{
    out->bytes[0] = AF_INET;
    memcpy(out->bytes + 1, ip4, 4);
}

static void address_ip6(const struct in6_addr *ip6, struct limits_address *out)
{
    if (IN6_IS_ADDR_V4MAPPED(ip6)) {
        address_ip4(ip6->s6_addr + 12, out);
        return;
    }
    out->bytes[0] = AF_INET6;
    memcpy(out->bytes + 1, ip6->s6_addr, 8); /* whoever has one address of a /64 has them all */
}

struct limits_address limits_address_of(const struct sockaddr_storage *addr)
{
    struct limits_address out = {0};
    struct sockaddr_in in4;
    struct sockaddr_in6 in6;
    struct sockaddr_vm vm;

    memcpy(&in4, addr, sizeof in4);
    memcpy(&in6, addr, sizeof in6);
    memcpy(&vm, addr, sizeof vm);
    if (addr->ss_family == AF_INET) {
        address_ip4((const uint8_t *) &in4.sin_addr, &out);
    } else if (addr->ss_family == AF_INET6) {
        address_ip6(&in6.sin6_addr, &out);
    } else if (addr->ss_family == AF_VSOCK) {
        out.bytes[0] = AF_VSOCK;
        memcpy(out.bytes + 1, &vm.svm_cid, sizeof vm.svm_cid);
    }
    return out;
}

static bool same(const struct limits_entry *e, enum limits_door door, const struct limits_address *address)
{
    return e->used && e->door == door && memcmp(&e->address, address, sizeof *address) == 0;
}

/* Does the address of this one take more than its part? */
static bool is_crowd(const struct limits_entry *e)
{
    return e->share * LIMITS_CROWD_PART > limits_value(e->door, LIMITS_CONNECTIONS);
}

/* Is a the better one to go? */
static bool goes_before(const struct limits_entry *a, const struct limits_entry *b, int64_t now_ms)
{
    bool a_had_time = now_ms - a->since_ms >= LIMITS_GRACE_MS;
    bool b_had_time = now_ms - b->since_ms >= LIMITS_GRACE_MS;

    if (a_had_time != b_had_time)
        return a_had_time;
    if (is_crowd(a) != is_crowd(b))
        return is_crowd(a);
    if ((a->stage < LIMITS_GREETED) != (b->stage < LIMITS_GREETED))
        return a->stage < LIMITS_GREETED;
    return a->since_ms < b->since_ms;
}

/* Who may have to go for a newcomer; address NULL: of the whole door. */
static bool may_go(const struct limits_entry *e, enum limits_door door, const struct limits_address *address)
{
    if (!e->used || e->door != door || e->stage == LIMITS_ADMITTED)
        return false;
    return address == NULL || same(e, door, address);
}

static struct limits_choice choose(const struct limits_table *t, enum limits_door door,
                                   const struct limits_address *address, int64_t now_ms)
{
    struct limits_choice choice = {
        .verdict = LIMITS_REFUSE,
        .name = address != NULL ? LIMITS_PER_ADDRESS : LIMITS_CONNECTIONS,
    };

    for (size_t i = 0; i < t->size; i++) {
        if (!may_go(&t->entries[i], door, address))
            continue;
        if (choice.verdict == LIMITS_REFUSE ||
            goes_before(&t->entries[i], &t->entries[choice.victim], now_ms))
            choice.victim = i;
        choice.verdict = LIMITS_EVICT;
    }
    return choice;
}

static uint32_t share_of(const struct limits_table *t, enum limits_door door,
                         const struct limits_address *address)
{
    for (size_t i = 0; i < t->size; i++) {
        if (same(&t->entries[i], door, address))
            return t->entries[i].share;
    }
    return 0;
}

static void set_share(struct limits_table *t, enum limits_door door, const struct limits_address *address,
                      uint32_t share)
{
    for (size_t i = 0; i < t->size; i++) {
        if (same(&t->entries[i], door, address))
            t->entries[i].share = share;
    }
}

struct limits_choice limits_ask(const struct limits_table *t, enum limits_door door,
                                const struct limits_address *address, int64_t now_ms)
{
    if (share_of(t, door, address) >= limits_value(door, LIMITS_PER_ADDRESS))
        return choose(t, door, address, now_ms);
    if (t->open[door] >= limits_value(door, LIMITS_CONNECTIONS))
        return choose(t, door, NULL, now_ms);
    return (struct limits_choice){.verdict = LIMITS_ROOM};
}

size_t limits_enter(struct limits_table *t, enum limits_door door, const struct limits_address *address,
                    int64_t now_ms)
{
    uint32_t share = share_of(t, door, address) + 1;
    size_t i = 0;

    while (t->entries[i].used)
        i++;
    t->entries[i] = (struct limits_entry){
        .used = true, .door = door, .since_ms = now_ms, .address = *address, .share = share};
    t->open[door]++;
    set_share(t, door, address, share);
    return i;
}

void limits_leave(struct limits_table *t, size_t index)
{
    const struct limits_entry gone = t->entries[index];

    t->entries[index] = (struct limits_entry){0};
    t->open[gone.door]--;
    set_share(t, gone.door, &gone.address, gone.share - 1);
}
