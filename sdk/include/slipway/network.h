/* sdk/include/slipway/network.h - networks, sandboxes, endpoints and published ports. Required. */
#ifndef SLIPWAY_NETWORK_H
#define SLIPWAY_NETWORK_H

#include <slipway/base.h>

SLW_BEGIN_C

#define SLW_EXT_NETWORK "slw.network/1" /* const slw_network_ops * */

/* Documents are JSON objects.
 *
 * Network:   {"Id": "...", "Name": "bridge", "Driver": "bridge"|"host"|"null"|"nat"|...,
 *             "IPAM": {"Config": [{"Subnet": "172.30.0.0/16", "Gateway": "172.30.0.1"}]}, "Options": {...}}
 *            What network_create() writes back is the same object with what was chosen filled in.
 * Sandbox:   {"Mode": "private"|"host"|"container", "Container": "<id, for container>", "Hostname", "Domainname",
 *             "Dns": [...], "DnsSearch": [...], "DnsOptions": [...]}
 *            The answer is {"SandboxKey": "..."} - free text shown in inspect, may be empty.
 * Endpoint:  {"Network": {as above}, "EndpointId": "<64 hex>", "MacAddress": "" or fixed, "IPAddress": "" or fixed,
 *             "Ports": [{"Proto": "tcp"|"udp"|"sctp", "ContainerPort": 80, "HostIp": "" or address,
 *                        "HostPort": 8080, or 0 for any, "HostPortEnd": 8080 or the end of a range to choose from}]}
 *            The answer is {"IPAddress", "IPPrefixLen", "Gateway", "MacAddress", "GlobalIPv6Address",
 *             "GlobalIPv6PrefixLen", "IPv6Gateway", "Ports": [... with HostIp and HostPort as bound]}.
 */
typedef struct slw_network_ops {
    uint32_t struct_size;
    uint32_t flags; /* 0 */

    /* Makes the network, or makes sure it is as described. Idempotent.
     *   SLW_ERR_CONFLICT       the subnet or device is in use by something else; resource names it
     *   SLW_ERR_UNIMPLEMENTED  this driver is not offered
     * [any, may-block] */
    slw_status(SLW_CALL *network_create)(slw_backend *b, const slw_call *call, slw_text network, slw_sink *out,
                                         slw_error *err);

    /* Removes the network and what it holds. Gone already is success. `network` as given to network_create().
     *   SLW_ERR_CONFLICT  endpoints are attached
     * [any, may-block] */
    slw_status(SLW_CALL *network_remove)(slw_backend *b, const slw_call *call, slw_text network, slw_error *err);

    /* Makes the container's network name space, without interfaces but loopback. A stale one is replaced.
     *   SLW_ERR_CONFLICT  mode container: the owner does not run
     * [per-container, may-block; state: open] */
    slw_status(SLW_CALL *sandbox_create)(slw_container *c, const slw_call *call, slw_text sandbox, slw_sink *out,
                                         slw_error *err);

    /* Gives the sandbox back with every endpoint in it. Never waits for the kernel to finish a deletion; none there is
     * success. [per-container, may-block; state: open, exited] */
    slw_status(SLW_CALL *sandbox_destroy)(slw_container *c, const slw_call *call, slw_error *err);

    /* Joins the sandbox to a network and publishes ports. All or nothing.
     *   SLW_ERR_CONFLICT            the address is taken, or "port is already allocated"; resource names it
     *   SLW_ERR_RESOURCE_EXHAUSTED  no free address in the subnet
     * [per-container, may-block; state: open, created, running] */
    slw_status(SLW_CALL *endpoint_attach)(slw_container *c, const slw_call *call, slw_text endpoint, slw_sink *out,
                                          slw_error *err);

    /* Undoes endpoint_attach() for one network id. Not attached is success.
     * [per-container, may-block; state: any] */
    slw_status(SLW_CALL *endpoint_detach)(slw_container *c, const slw_call *call, const char *network_id,
                                          slw_error *err);
} slw_network_ops;

SLW_END_C

#endif
