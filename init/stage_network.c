/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Addresses come from the policy alone: no DHCP, no router advertisement, no name service. */
#include "stages.h"

#include "file.h"
#include "sys.h"

#include <arpa/inet.h>
#include <errno.h>
#include <net/if.h>
#include <net/route.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/ioctl.h>

struct net_sysctl {
    const char *path, *value;
    bool must; /* else: only kernels with IPv6 have it */
};

/* Set before any link is up. "default" is what links that appear later start with. */
static const struct net_sysctl sysctls[] = {
    {"/proc/sys/net/ipv6/conf/all/disable_ipv6",            "1", false},
    {"/proc/sys/net/ipv6/conf/default/disable_ipv6",        "1", false},
    {"/proc/sys/net/ipv6/conf/all/accept_ra",               "0", false},
    {"/proc/sys/net/ipv6/conf/default/accept_ra",           "0", false},
    {"/proc/sys/net/ipv4/ip_forward",                       "0", true },
    {"/proc/sys/net/ipv4/conf/all/accept_redirects",        "0", true },
    {"/proc/sys/net/ipv4/conf/default/accept_redirects",    "0", true },
    {"/proc/sys/net/ipv4/conf/all/send_redirects",          "0", true },
    {"/proc/sys/net/ipv4/conf/all/accept_source_route",     "0", true },
    {"/proc/sys/net/ipv4/conf/default/accept_source_route", "0", true },
    {"/proc/sys/net/ipv4/conf/all/rp_filter",               "1", true },
};

static int set_sysctls(struct err *err)
{
    for (size_t i = 0; i < sizeof sysctls / sizeof sysctls[0]; i++) {
        struct err why;

        if (file_write(sysctls[i].path, span_str(sysctls[i].value), &why) == 0)
            continue;
        if (!sysctls[i].must && why.code == ERR_SYS && why.sys_errno == ENOENT)
            continue;
        *err = why;
        return -1;
    }
    return 0;
}

static struct ifreq request_for(const char *link)
{
    struct ifreq request = {0};

    memcpy(request.ifr_name, link, strnlen(link, IFNAMSIZ - 1));
    return request;
}

static void put_address(struct sockaddr *to, const uint8_t ip[4])
{
    struct sockaddr_in in = {.sin_family = AF_INET};

    memcpy(&in.sin_addr, ip, sizeof in.sin_addr);
    memcpy(to, &in, sizeof in);
}

static int bring_up(int fd, const char *link, struct err *err)
{
    struct ifreq request = request_for(link);
    int r = sys_ioctl(fd, SIOCGIFFLAGS, &request);

    if (r == -ENODEV)
        return err_set(err, ERR_MISSING, 0, "link %s: this machine has none of that name", link);
    if (r >= 0) {
        request.ifr_flags |= IFF_UP;
        r = sys_ioctl(fd, SIOCSIFFLAGS, &request);
    }
    return r < 0 ? err_set(err, ERR_SYS, -r, "link %s: bring it up", link) : 0;
}

static int set_address(int fd, const struct policy_link *l, struct err *err)
{
    struct ifreq request = request_for(l->link);
    uint32_t mask = htonl((uint32_t) (UINT64_C(0xffffffff) << (32 - l->address.prefix_bits)));
    uint8_t bytes[4];
    int r;

    put_address(&request.ifr_addr, l->address.ip.bytes);
    r = sys_ioctl(fd, SIOCSIFADDR, &request);
    if (r == -ENODEV)
        return err_set(err, ERR_MISSING, 0, "link %s: this machine has none of that name", l->link);
    if (r < 0)
        return err_set(err, ERR_SYS, -r, "link %s: set the address", l->link);
    memcpy(bytes, &mask, sizeof bytes);
    put_address(&request.ifr_netmask, bytes);
    r = sys_ioctl(fd, SIOCSIFNETMASK, &request);
    return r < 0 ? err_set(err, ERR_SYS, -r, "link %s: set the network's prefix", l->link) : 0;
}

static int add_gateway(int fd, const struct policy_link *l, struct err *err)
{
    static const uint8_t any[4];
    char device[IFNAMSIZ] = "";
    struct rtentry route = {.rt_flags = RTF_UP | RTF_GATEWAY, .rt_dev = device};
    int r;

    memcpy(device, l->link, strnlen(l->link, IFNAMSIZ - 1));
    put_address(&route.rt_dst, any);
    put_address(&route.rt_genmask, any);
    put_address(&route.rt_gateway, l->gateway.bytes);
    r = sys_ioctl(fd, SIOCADDRT, &route);
    return r < 0 ? err_set(err, ERR_SYS, -r, "link %s: set the gateway", l->link) : 0;
}

static int set_up(int fd, const struct policy_link *l, struct err *err)
{
    if (set_address(fd, l, err) < 0 || bring_up(fd, l->link, err) < 0)
        return -1;
    return l->has_gateway ? add_gateway(fd, l, err) : 0;
}

int stage_network(struct boot *boot, struct err *err)
{
    AUTO_FD fd = sys_socket(AF_INET, SOCK_DGRAM, 0);

    if (fd < 0)
        return err_set(err, ERR_SYS, -fd, "make a socket");
    if (set_sysctls(err) < 0 || bring_up(fd, "lo", err) < 0)
        return -1;
    for (size_t i = 0; i < boot->policy->link_count; i++)
        if (set_up(fd, &boot->policy->links[i], err) < 0)
            return -1;
    return 0;
}
