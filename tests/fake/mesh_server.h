/* SPDX-License-Identifier: GPL-2.0-or-later */
/* mesh_server: a Coordinator's end of a join, in memory, that can be told to do wrong. It takes any evidence.
 */
#ifndef NACRE_MESH_SERVER_H
#define NACRE_MESH_SERVER_H

#include "atls.h"
#include "grpc.h"
#include "mesh_ca.h"
#include "meshapi.h"
#include "tls.h"

#define MESH_SERVER_NOW 1760000000 /* seconds since 1970, for tests that need no real clock */

struct mesh_server {
    /* set by mesh_server_open, may be changed before mesh_server_start */
    enum tls_versions versions;
    int64_t now_s; /* its clock */
    struct ecc_pair tls_key;
    uint8_t nonce[ATLS_NONCE_SIZE];
    struct ecc_pair root_key;
    struct mesh_ca ca;
    struct span evidence;          /* in our TLS certificate; empty: none */
    struct span ca_certificate;    /* instead of the one for nonce, when not empty */
    enum grpc_status status;       /* of the answer */
    const char *text;              /* with a status that is not OK */
    struct ecc_pair *leaf_key;     /* NULL: the client's key, as it should be */
    const struct mesh_ca *mesh_of; /* NULL: ca; another: its mesh CA is sent */
    const struct mesh_ca *root_of; /* NULL: ca; another: its root CA is sent */
    bool leaf_only;                /* the chain lacks the intermediate */
    bool chain_of_three;           /* the root follows in the chain */
    size_t secret_len;
    int64_t leaf_now_s;  /* when the leaf was issued */
    int64_t leaf_life_s; /* how long it is valid; 0: a year */
    struct span answer;  /* instead of a response, when not empty */

    /* results */
    struct atls_peer peer;
    uint8_t peer_certificate[TLS_CERTIFICATE_MAX];
    uint8_t peer_nonce[ATLS_NONCE_SIZE];
    unsigned calls;
    struct err err;

    uint8_t certificate[ATLS_CERTIFICATE_MAX];
    uint8_t ca_der[1024];
    struct tls *tls;
    struct grpc *grpc;
};

/* A Coordinator with new keys, whose certificates are made at now_s. */
void mesh_server_open(struct mesh_server *s, int64_t now_s);
void mesh_server_start(struct mesh_server *s);
/* As join_step. */
int mesh_server_step(struct mesh_server *s);
void mesh_server_close(struct mesh_server *s);
/* SHA-256 of the root CA's key: what a policy pins. */
void mesh_server_pin(const struct mesh_server *s, uint8_t digest[32]);

#endif
