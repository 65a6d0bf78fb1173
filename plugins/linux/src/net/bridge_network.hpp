// plugins/linux/src/net/bridge_network.hpp - one bridge with its subnet, its addresses and its firewall table.
#pragma once

#include <net/documents.hpp>
#include <net/firewall.hpp>
#include <net/ipam.hpp>
#include <sys/netns_lock.hpp>

#include <slipway/cpp/host.hpp>

#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

namespace slipway::linux_backend {

// What the backend's configuration says about networks.
struct BridgeDefaults {
    std::string bridge;  // for the network called "bridge"; "none" switches that network off
    std::string bip;     // its address and subnet, may be empty
};

class BridgeNetwork {
public:
    // Makes the device, its settings, its address and the table, or makes sure they are as wanted. A device that was
    // not made by us is used as it is, with the address it has; one of ours is found by its alias. A failure removes
    // what this call made.
    //   kConflict         the device is no bridge, serves another daemon, or the subnet is in use elsewhere
    //   kInvalidArgument  subnet, gateway, range or bip make no sense
    static Result<std::shared_ptr<BridgeNetwork>> open(const NetworkSpec& spec, const BridgeDefaults& defaults);

    // Deletes the table, and the device when it is ours. Gone already is success.
    static Status remove(const NetworkSpec& spec, const BridgeDefaults& defaults);

    // The device of a network. kUnimplemented when it is the default one and that is switched off.
    static Result<std::string> device_name(const NetworkSpec& spec, const BridgeDefaults& defaults);

    const std::string& id() const { return spec_.id; }
    const std::string& name() const { return spec_.name; }
    const std::string& bridge() const { return bridge_; }
    int link() const { return link_; }
    Ipv4Prefix address() const { return address_; }  // the gateway's, with the length of the subnet
    uint32_t mtu() const { return spec_.mtu; }
    Ipv4 default_host_ip() const { return spec_.default_host_ip; }
    const Firewall& firewall() const { return firewall_; }
    const std::shared_ptr<AddressPool>& addresses() const { return addresses_; }
    // Endpoints that hold an address.
    size_t endpoints() const { return addresses_->used() - spec_.auxiliary.size(); }

    // Puts the table back, without its elements.
    Status ensure_firewall() const { return firewall_.ensure(address_, spec_.masquerade); }

    // Firewall::publish and unpublish, remembered for restore_firewall(). A table that is gone is put back, with what
    // others have published, once.
    Status publish(const std::string& container_id, const std::vector<Publication>& ports, const IsLive& is_live);
    Status unpublish(const std::string& container_id, const std::vector<Publication>& ports);
    // No longer remembers what the container published; for who deletes the elements otherwise.
    void forget(const std::string& container_id);

    // Puts the table back with everything that is published, when any of it is missing. True when something was.
    Result<bool> restore_firewall();

private:
    BridgeNetwork(NetworkSpec spec, std::string bridge, NetLock lock);

    Status bring_up(const BridgeDefaults& defaults);
    Status put_back();
    Status make_pool();

    NetworkSpec spec_;
    std::string bridge_;
    NetLock lock_;
    Firewall firewall_;
    int link_ = 0;
    Ipv4Prefix address_;
    std::shared_ptr<AddressPool> addresses_;

    // Held while elements change, so that what is put back is what is published.
    std::mutex published_mutex_;
    std::multimap<std::string, Publication> published_;  // by container id; guarded by published_mutex_
};

}  // namespace slipway::linux_backend
