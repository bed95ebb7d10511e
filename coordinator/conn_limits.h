/* SPDX-License-Identifier: GPL-2.0-or-later */
/* conn_limits: how much the network may take from the Coordinator, by name, and who has to go when it is
 * full.
 *
 * Anybody can open connections; nothing that arrives before a peer is admitted is trusted. When a door is
 * full, or one address has its share of it, somebody goes for the newcomer: one that had its time
 * (LIMITS_GRACE_MS), then one of an address that has many, then one without a handshake, the oldest. So a
 * crowd that only opens connections pushes out itself. Whoever showed good evidence stays.
 * docs/coordinator-metrics.md
 */
#ifndef NACRE_CONN_LIMITS_H
#define NACRE_CONN_LIMITS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

/* The doors of a Coordinator. */
enum limits_door {
    LIMITS_MESH,    /* guests: nacre/1 and MeshAPI */
    LIMITS_USER,    /* owners of the manifest: UserAPI */
    LIMITS_HTTP,    /* data owners: /attest */
    LIMITS_METRICS, /* the operator: /metrics and /probe */
    LIMITS_DOORS,
};
const char *limits_door_name(enum limits_door door);

enum limits_name {
    LIMITS_CONNECTIONS,  /* at once */
    LIMITS_PER_ADDRESS,  /* at once, of one address: an IPv4 address, an IPv6 /64, a vsock CID */
    LIMITS_HANDSHAKE_MS, /* from accept to the end of the handshake; HTTP: to the end of the header */
    LIMITS_DEADLINE_MS,  /* from accept to the end of the answer */
    LIMITS_IDLE_MS,      /* without a byte either way */
    LIMITS_INPUT_BYTES,  /* from the peer, in all */
    LIMITS_ATTESTATIONS, /* reports made for /attest in a second */
    LIMITS_COUNT,
};
const char *limits_name_text(enum limits_name name);

/* The limit's value; 0: this door has no such limit. */
uint32_t limits_value(enum limits_door door, enum limits_name name);

/* How far a connection got. */
enum limits_stage {
    LIMITS_SILENT,   /* nothing came */
    LIMITS_STARTED,  /* bytes came */
    LIMITS_GREETED,  /* the handshake is complete */
    LIMITS_ADMITTED, /* its evidence is good: never pushed out */
};

#define LIMITS_GRACE_MS 2000  /* while others are older than this, a connection younger than it stays */
#define LIMITS_CROWD_PART 16  /* an address with more than this part of a door is a crowd */
#define LIMITS_ADDRESS_SIZE 9 /* bytes of an address as it is counted */
struct limits_address {
    uint8_t bytes[LIMITS_ADDRESS_SIZE];
};
struct limits_address limits_address_of(const struct sockaddr_storage *addr) __attribute__((nonnull));

struct limits_entry {
    bool used;
    enum limits_door door;
    enum limits_stage stage;
    int64_t since_ms;
    struct limits_address address;
    uint32_t share; /* entries of this door and address, this one included */
};

/* Who is connected. The entries are the caller's. */
struct limits_table {
    struct limits_entry *entries;
    size_t size;
    uint32_t open[LIMITS_DOORS];
};

enum limits_verdict {
    LIMITS_ROOM,   /* come in */
    LIMITS_EVICT,  /* come in once entry `victim` has left */
    LIMITS_REFUSE, /* no: everybody inside got further */
};

struct limits_choice {
    enum limits_verdict verdict;
    enum limits_name name; /* the limit that was met; not with LIMITS_ROOM */
    size_t victim;
};

struct limits_choice limits_ask(const struct limits_table *t, enum limits_door door,
                                const struct limits_address *address, int64_t now_ms)
    __attribute__((nonnull));
/* Take a free entry; its index. limits_ask has said that there is room; t->size is the sum of the doors'. */
size_t limits_enter(struct limits_table *t, enum limits_door door, const struct limits_address *address,
                    int64_t now_ms) __attribute__((nonnull));
void limits_leave(struct limits_table *t, size_t index) __attribute__((nonnull));

/* Connections of all doors together. */
size_t limits_total(void);

#endif
