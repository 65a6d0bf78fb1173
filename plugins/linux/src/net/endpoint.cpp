#include <net/endpoint.hpp>
#include <net/links.hpp>
#include <sys/netns_sysctl.hpp>

#include <linux/netlink.h>

#include <cctype>
#include <cerrno>
#include <optional>
#include <utility>

namespace slipway::linux_backend {

namespace {

constexpr std::string_view kLinkPrefix = "slw";
constexpr size_t kStemDigits = 12;

Result<AddressLease> lease_address(const EndpointSpec& spec, const BridgeNetwork& network) {
    if (spec.address) {
        if (Status taken = network.addresses()->reserve(*spec.address); !taken) return std::move(taken).error();
        return AddressLease(network.addresses(), *spec.address);
    }
    Result<Ipv4> address = network.addresses()->allocate();
    if (!address) return std::move(address).error();
    return AddressLease(network.addresses(), *address);
}

// A veth pair that is handed to the reaper unless it is kept.
class MadeLink {
public:
    MadeLink(LinkReaper& reaper, int host_index) : reaper_(&reaper), host_index_(host_index) {}
    MadeLink(MadeLink&& other) noexcept
        : reaper_(std::exchange(other.reaper_, nullptr)), host_index_(other.host_index_) {}
    MadeLink& operator=(MadeLink&&) = delete;
    ~MadeLink() {
        if (reaper_ != nullptr) reaper_->remove({host_index_}, std::chrono::milliseconds(0));
    }

    int host_index() const { return host_index_; }
    void keep() { reaper_ = nullptr; }

private:
    LinkReaper* reaper_;
    int host_index_;
};

Error vanished(const std::string& name) {
    return Error(ErrorCode::kUnavailable, "link '" + name + "' was removed while it was set up").with_resource(name);
}

// Creates the pair under the first free name. The name can be taken for a moment after the container's last stop: the
// kernel deletes the links of a name space some 40 ms after the last one left it.
Result<std::string> create_pair(const EndpointOwner& owner, NetlinkSocket& host, VethPlan plan) {
    for (unsigned attempt = 0; attempt < kHostLinkNames; ++attempt) {
        plan.host_name = host_link_name(owner.id, attempt);
        std::vector<NetlinkMessage> messages;
        messages.push_back(new_veth(plan));
        messages.push_back(set_hairpin(plan.host_name));
        Status made = host.transact(messages);
        if (made) return plan.host_name;
        if (errno_of(made.error()) != EEXIST) return std::move(made).error();

        // Or the guest's name is taken, by an endpoint that left and whose link waits for the reaper.
        Result<std::optional<LinkInfo>> guest = find_link(owner.route, plan.guest_name);
        if (!guest) return std::move(guest).error();
        if (!*guest) continue;
        Status deleted = owner.route.transact(delete_link((*guest)->index));
        if (!deleted && errno_of(deleted.error()) != ENODEV) return std::move(deleted).error();
    }
    return Error(ErrorCode::kConflict, "all link names of the container are taken")
        .with_resource(host_link_name(owner.id, 0));
}

// IPv6 on the host's end would only flood every port of the bridge with neighbour discovery (S-60).
Status quiet_host_end(const std::string& name) {
    Status off = write_optional_net_sysctl("ipv6/conf/" + name + "/disable_ipv6", "1");
    if (!off) return off;
    return write_optional_net_sysctl("ipv6/conf/" + name + "/accept_ra", "0");
}

Status configure_guest(NetlinkSocket& route, const LinkInfo& guest, Ipv4Prefix address, Ipv4 gateway,
                       bool default_route) {
    std::vector<NetlinkMessage> messages;
    messages.push_back(new_address(guest.index, address));
    messages.push_back(set_up(guest.name));
    if (default_route) messages.push_back(new_default_route(guest.index, gateway));
    return route.transact(messages);
}

// The pair, addressed and up. The guest's end takes the default route when it is the first interface.
Result<MadeLink> make_link(const EndpointOwner& owner, const BridgeNetwork& network, Endpoint& endpoint) {
    Result<NetlinkSocket> host = NetlinkSocket::open(NETLINK_ROUTE);
    if (!host) return std::move(host).error();
    VethPlan plan;
    plan.guest_name = endpoint.guest_link;
    plan.bridge = network.link();
    plan.netns = owner.netns;
    plan.guest_mac = endpoint.mac;
    plan.mtu = network.mtu();
    Result<std::string> host_name = create_pair(owner, *host, plan);
    if (!host_name) return std::move(host_name).error().context("network '" + network.name() + "'");
    endpoint.host_link = *host_name;

    // The guest tells the index of the host's end, too.
    Result<std::optional<LinkInfo>> guest = find_link(owner.route, endpoint.guest_link);
    if (!guest) return std::move(guest).error();
    if (!*guest) return vanished(endpoint.guest_link);
    MadeLink link(owner.reaper, (*guest)->peer);
    endpoint.host_index = link.host_index();

    if (Status quiet = quiet_host_end(*host_name); !quiet) return std::move(quiet).error();
    const Ipv4Prefix address{endpoint.address, network.address().length};
    const bool first = endpoint.guest_link == "eth0";
    Status configured = configure_guest(owner.route, **guest, address, network.address().address, first);
    if (!configured) return std::move(configured).error().context("network '" + network.name() + "'");
    return link;
}

}  // namespace

std::string host_link_name(const std::string& container_id, unsigned attempt) {
    std::string name = std::string(kLinkPrefix) + container_id.substr(0, kStemDigits);
    if (attempt > 0) name.back() = static_cast<char>('g' + (attempt - 1) % (kHostLinkNames - 1));
    return name;
}

bool is_host_link(const std::string& name) {
    if (name.size() != kLinkPrefix.size() + kStemDigits || name.compare(0, kLinkPrefix.size(), kLinkPrefix) != 0) {
        return false;
    }
    for (size_t i = kLinkPrefix.size(); i + 1 < name.size(); ++i) {
        if (!std::isxdigit(static_cast<unsigned char>(name[i]))) return false;
    }
    return std::isalnum(static_cast<unsigned char>(name.back())) != 0;
}

bool is_host_link_of(const std::string& container_id, const std::string& name) {
    const std::string first = host_link_name(container_id, 0);
    if (name == first) return true;
    if (!is_host_link(name) || name.compare(0, name.size() - 1, first, 0, first.size() - 1) != 0) return false;
    return std::isxdigit(static_cast<unsigned char>(name.back())) == 0;
}

std::vector<Publication> publications_of(const Endpoint& endpoint) {
    std::vector<Publication> all;
    all.reserve(endpoint.ports.size());
    for (const PortBinding& port : endpoint.ports) all.push_back({port, endpoint.address});
    return all;
}

Result<Endpoint> join_bridge(const EndpointOwner& owner, const EndpointSpec& spec,
                             std::shared_ptr<BridgeNetwork> network, const std::string& guest_link,
                             const IsLive& is_live, std::vector<UniqueFd>& held) {
    Result<AddressLease> lease = lease_address(spec, *network);
    if (!lease) return std::move(lease).error();
    const EndpointLabel label{owner.name, spec.endpoint_id};
    Result<std::vector<HeldPort>> ports = hold_ports(spec.ports, network->default_host_ip(), label);
    if (!ports) return std::move(ports).error();

    Endpoint endpoint;
    endpoint.network_id = spec.network.id;
    endpoint.endpoint_id = spec.endpoint_id;
    endpoint.network = network;
    endpoint.address = lease->address();
    endpoint.mac = spec.mac.empty() ? mac_of(endpoint.address) : spec.mac;
    endpoint.guest_link = guest_link;
    endpoint.holds_ports = true;
    for (const HeldPort& port : *ports) endpoint.ports.push_back(port.binding);

    Result<MadeLink> link = make_link(owner, *network, endpoint);
    if (!link) return std::move(link).error();
    if (Status published = network->publish(owner.id, publications_of(endpoint), is_live); !published) {
        const bool taken = published.error().code() == ErrorCode::kConflict && !endpoint.ports.empty();
        // When only the kernel's answer was lost, the elements are there.
        if (!taken) (void)network->unpublish(owner.id, publications_of(endpoint));
        if (taken) return port_taken(label, endpoint.ports.front().host_ip, endpoint.ports.front().host_port);
        return std::move(published).error().context("publish ports");
    }

    held.reserve(held.size() + ports->size());
    for (HeldPort& port : *ports) {
        if (port.socket) held.push_back(std::move(port.socket));
    }
    link->keep();
    lease->keep();
    return endpoint;
}

Status unpublish(const std::string& container_id, const Endpoint& endpoint) {
    if (!endpoint.network || endpoint.ports.empty()) return ok();
    if (endpoint.holds_ports) return endpoint.network->unpublish(container_id, publications_of(endpoint));
    const Firewall& firewall = endpoint.network->firewall();
    endpoint.network->forget(container_id);

    // Found in a record: the ports may belong to somebody else by now, so the elements' owner decides.
    Result<std::vector<PublishedElement>> present = firewall.list();
    if (!present) return std::move(present).error();
    std::erase_if(*present, [&](const PublishedElement& element) { return element.owner != container_id; });
    return firewall.erase(*present);
}

nlohmann::json describe(const Endpoint& endpoint) {
    nlohmann::json answer = {{"IPAddress", ""},         {"IPPrefixLen", 0},
                             {"Gateway", ""},           {"MacAddress", ""},
                             {"GlobalIPv6Address", ""}, {"GlobalIPv6PrefixLen", 0},
                             {"IPv6Gateway", ""},       {"Ports", encode_ports(endpoint.ports)}};
    if (!endpoint.network) return answer;
    answer["IPAddress"] = endpoint.address.to_string();
    answer["IPPrefixLen"] = endpoint.network->address().length;
    answer["Gateway"] = endpoint.network->address().address.to_string();
    answer["MacAddress"] = endpoint.mac;
    return answer;
}

}  // namespace slipway::linux_backend
