#include <net/bridge_device.hpp>
#include <net/bridge_network.hpp>
#include <net/subnet_choice.hpp>
#include <sys/netns_sysctl.hpp>

#include <linux/netlink.h>

#include <cerrno>

namespace slipway::linux_backend {

namespace {

constexpr const char* kDefaultNetwork = "bridge";
constexpr const char* kDefaultBridge = "slipway0";
constexpr const char* kDevicePrefix = "slb";  // of networks that name no device, followed by 12 digits of their id
constexpr const char* kSubnetLock = "subnets";

// Containers reach other machines through this host, which forwards only if told to. Nothing else is changed: what may
// be forwarded is for the operator's and our own tables to say.
Status enable_forwarding() {
    Result<std::string> forwarding = read_net_sysctl("ipv4/ip_forward");
    if (!forwarding) return std::move(forwarding).error();
    if (*forwarding == "0") return write_net_sysctl("ipv4/ip_forward", "1");
    return ok();
}

// What the network's document or the configuration asks for; nothing when both leave it open.
Result<std::optional<Ipv4Prefix>> wanted_address(const NetworkSpec& spec, const BridgeDefaults& defaults) {
    if (spec.subnet) {
        const Ipv4 first_host{spec.subnet->network().value + 1};
        return std::optional<Ipv4Prefix>(Ipv4Prefix{spec.gateway.value_or(first_host), spec.subnet->length});
    }
    if (spec.name != kDefaultNetwork || defaults.bip.empty()) return std::optional<Ipv4Prefix>();
    Result<Ipv4Prefix> bip = Ipv4Prefix::parse(defaults.bip);
    if (!bip) return std::move(bip).error().context("bip");
    return std::optional<Ipv4Prefix>(*bip);
}

Result<Ipv4Prefix> free_subnet(NetlinkSocket& route) {
    Result<std::vector<Ipv4Prefix>> used = used_subnets(route);
    if (!used) return std::move(used).error();
    const std::optional<Ipv4Prefix> chosen = choose_subnet(*used);
    if (!chosen) return Error(ErrorCode::kResourceExhausted, "no free subnet for a bridge is left on this host");
    return *chosen;
}

Error without_address(const std::string& bridge) {
    return Error(ErrorCode::kConflict, "bridge '" + bridge + "' was not made by slipway and has no IPv4 address")
        .with_resource(bridge)
        .with_hint("give it an address or choose another bridge");
}

Error other_address(const std::string& bridge, Ipv4Prefix has, Ipv4Prefix wanted) {
    return Error(ErrorCode::kConflict, "bridge '" + bridge + "' was not made by slipway and has address " +
                                           has.to_string() + ", not " + wanted.to_string())
        .with_resource(bridge);
}

Result<NetLock> lock_bridge(const std::string& bridge) {
    Result<NetLock> lock = NetLock::try_acquire(bridge);
    if (!lock && lock.error().code() == ErrorCode::kConflict) {
        return Error(ErrorCode::kConflict, "bridge '" + bridge + "' serves another slipwayd").with_resource(bridge);
    }
    return lock;
}

}  // namespace

BridgeNetwork::BridgeNetwork(NetworkSpec spec, std::string bridge, NetLock lock)
    : spec_(std::move(spec)), bridge_(std::move(bridge)), lock_(std::move(lock)), firewall_(bridge_) {}

Result<std::string> BridgeNetwork::device_name(const NetworkSpec& spec, const BridgeDefaults& defaults) {
    const bool is_default = spec.name == kDefaultNetwork;
    if (is_default && defaults.bridge == "none") {
        return Error(ErrorCode::kUnimplemented, "the default bridge network is switched off");
    }
    if (!spec.bridge.empty()) return spec.bridge;
    if (!is_default) return kDevicePrefix + spec.id.substr(0, 12);
    const std::string name = defaults.bridge.empty() ? kDefaultBridge : defaults.bridge;
    if (!is_device_name(name)) {
        return Error(ErrorCode::kInvalidArgument, "invalid bridge name '" + name + "'").with_resource(name);
    }
    return name;
}

Result<std::shared_ptr<BridgeNetwork>> BridgeNetwork::open(const NetworkSpec& spec, const BridgeDefaults& defaults) {
    Result<std::string> name = device_name(spec, defaults);
    if (!name) return std::move(name).error();
    Result<NetLock> lock = lock_bridge(*name);
    if (!lock) return std::move(lock).error();

    std::shared_ptr<BridgeNetwork> network(new BridgeNetwork(spec, *name, std::move(*lock)));
    if (Status up = network->bring_up(defaults); !up) return std::move(up).error();
    return network;
}

Status BridgeNetwork::bring_up(const BridgeDefaults& defaults) {
    Result<std::optional<Ipv4Prefix>> wanted = wanted_address(spec_, defaults);
    if (!wanted) return std::move(wanted).error();
    // Two daemons that look for a free subnet at the same time would find the same one.
    Result<NetLock> lock = NetLock::acquire(kSubnetLock);
    if (!lock) return std::move(lock).error();
    Result<NetlinkSocket> route = NetlinkSocket::open(NETLINK_ROUTE);
    if (!route) return std::move(route).error();

    Result<std::optional<LinkInfo>> found = find_bridge(*route, bridge_);
    if (!found) return std::move(found).error();
    const bool exists = found->has_value();
    const bool ours = !exists || is_our_bridge(**found);

    std::optional<Ipv4Prefix> present;
    if (exists) {
        Result<std::optional<Ipv4Prefix>> current = bridge_address(*route, (*found)->index);
        if (!current) return std::move(current).error();
        present = *current;
    }
    if (!ours && !present) return without_address(bridge_);
    if (!ours && *wanted && **wanted != *present) return other_address(bridge_, *present, **wanted);
    if (*wanted || present) {
        address_ = *wanted ? **wanted : *present;
    } else {
        Result<Ipv4Prefix> chosen = free_subnet(*route);
        if (!chosen) return std::move(chosen).error();
        address_ = *chosen;
    }
    // Before anything is made: it judges what we were given.
    if (Status pool = make_pool(); !pool) return pool;

    if (!exists) {
        Result<LinkInfo> made = make_bridge(*route, bridge_, spec_.mtu);
        if (!made) return std::move(made).error();
        *found = *made;
    } else if (Status settings = set_up_bridge(bridge_, ours); !settings) {
        return settings;
    }
    link_ = (*found)->index;

    Status done = ours ? address_bridge(*route, **found, address_) : ok();
    if (done) done = enable_forwarding();
    if (done) done = ensure_firewall();
    if (!done && !exists) (void)route->transact(delete_link(link_));  // nothing of it was there before
    return done;
}

Status BridgeNetwork::make_pool() {
    Result<std::shared_ptr<AddressPool>> pool = AddressPool::create(address_, address_.address, spec_.range);
    if (!pool) return std::move(pool).error();
    addresses_ = std::move(*pool);
    for (const Ipv4 address : spec_.auxiliary) {
        if (Status taken = addresses_->reserve(address); !taken) {
            return std::move(taken).error().context("auxiliary address");
        }
    }
    return ok();
}

// With published_mutex_ held.
Status BridgeNetwork::put_back() {
    if (Status table = ensure_firewall(); !table) return table;
    const IsLive is_known = [this](const std::string& id) { return published_.count(id) != 0; };
    for (auto at = published_.begin(); at != published_.end();) {
        const auto end = published_.upper_bound(at->first);
        std::vector<Publication> ports;
        for (auto port = at; port != end; ++port) ports.push_back(port->second);
        if (Status done = firewall_.publish(at->first, ports, is_known); !done) return done;
        at = end;
    }
    return ok();
}

Status BridgeNetwork::publish(const std::string& container_id, const std::vector<Publication>& ports,
                              const IsLive& is_live) {
    const std::lock_guard lock(published_mutex_);
    Status published = firewall_.publish(container_id, ports, is_live);
    if (!published && published.error().code() == ErrorCode::kNotFound) {
        if (Status table = put_back(); !table) return table;
        published = firewall_.publish(container_id, ports, is_live);
    }
    if (!published) return published;
    for (const Publication& port : ports) published_.emplace(container_id, port);
    return published;
}

Status BridgeNetwork::unpublish(const std::string& container_id, const std::vector<Publication>& ports) {
    const std::lock_guard lock(published_mutex_);
    Status gone = firewall_.unpublish(container_id, ports);
    if (gone) published_.erase(container_id);
    return gone;
}

void BridgeNetwork::forget(const std::string& container_id) {
    const std::lock_guard lock(published_mutex_);
    published_.erase(container_id);
}

Result<bool> BridgeNetwork::restore_firewall() {
    const std::lock_guard lock(published_mutex_);
    Result<bool> whole = firewall_.is_whole(address_, spec_.masquerade, published_.size());
    if (!whole) return whole;
    if (*whole) return false;
    if (Status back = put_back(); !back) return std::move(back).error();
    return true;
}

Status BridgeNetwork::remove(const NetworkSpec& spec, const BridgeDefaults& defaults) {
    Result<std::string> name = device_name(spec, defaults);
    if (!name) return std::move(name).error();
    Result<NetLock> lock = lock_bridge(*name);
    if (!lock) return std::move(lock).error();

    if (Status removed = Firewall(*name).remove(); !removed) return removed;
    Result<NetlinkSocket> route = NetlinkSocket::open(NETLINK_ROUTE);
    if (!route) return std::move(route).error();
    Result<std::optional<LinkInfo>> link = find_link(*route, *name);
    if (!link) return std::move(link).error();
    if (!*link || !is_our_bridge(**link)) return ok();
    Status deleted = route->transact(delete_link((*link)->index));
    if (!deleted && errno_of(deleted.error()) == ENODEV) return ok();
    return deleted;
}

}  // namespace slipway::linux_backend
