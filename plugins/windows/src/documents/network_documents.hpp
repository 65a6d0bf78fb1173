// plugins/windows/src/documents/network_documents.hpp - from the documents of slw.network/1 to those of HCN and back.
#pragma once

#include <slipway/cpp/error.hpp>

#include <nlohmann/json.hpp>

#include <cstdint>
#include <string>
#include <vector>

namespace slipway::windows_backend {

// What a driver means on Windows. The engine's default network says "bridge", which here is NAT, too.
enum class NetworkKind { kNone, kNat, kTransparent, kL2Bridge };

// Of a network document of the ABI.
//   kUnimplemented  a driver Windows does not have here; resource names it
Result<NetworkKind> network_kind(const nlohmann::json& network);

// HcnCreateNetwork's document. `tag` becomes part of the name HCN knows, so that a later daemon finds its own:
// "slipway-<instance>-<name>". Without a subnet the HNS chooses one.
//   kInvalidArgument  Id or subnet malformed, a gateway outside the subnet
//   kUnimplemented    IPv6, several subnets, internal networks
Result<nlohmann::json> hcn_network(const nlohmann::json& network, const std::string& tag);

// The network document of the ABI with subnet and gateway as HCN reports them.
nlohmann::json network_answer(nlohmann::json network, const nlohmann::json& properties);

// A published port as asked for.
struct PortWish {
    uint32_t protocol = 6;  // 6 TCP, 17 UDP
    uint16_t container_port = 0;
    uint16_t host_port = 0;      // 0: any
    uint16_t host_port_end = 0;  // the last to try
};

//   kInvalidArgument  malformed; kUnimplemented  SCTP, or a host address: Windows publishes on all of them
Result<std::vector<PortWish>> port_wishes(const nlohmann::json& endpoint);

// Of the sandbox document: what its endpoints ask for names.
struct DnsSettings {
    std::vector<std::string> servers, search, options;
    std::string domain;
};
DnsSettings dns_settings(const nlohmann::json& sandbox);

// HcnCreateEndpoint's document. `ports` have one host port each, or 0 for one that the HNS chooses.
//   kInvalidArgument  MAC or address malformed
Result<nlohmann::json> hcn_endpoint(const nlohmann::json& endpoint, const std::string& network_guid,
                                    const std::string& name, const DnsSettings& dns,
                                    const std::vector<PortWish>& ports);

// The endpoint answer of the ABI from HCN's properties.
nlohmann::json endpoint_answer(const nlohmann::json& properties, const std::vector<PortWish>& ports);

nlohmann::json hcn_namespace();
// For HcnModifyNamespace; `request` is "Add" or "Remove".
nlohmann::json namespace_endpoint_request(const char* request, const std::string& endpoint_guid);
// For the calls that take a query: all, or those of one name.
nlohmann::json hcn_query(const nlohmann::json& filter = nlohmann::json::object());

// "02:42:AC:11:00:02" from "02-42-ac-11-00-02" and the reverse; empty when it is no MAC address.
std::string mac_with(char separator, const std::string& mac);

}  // namespace slipway::windows_backend
