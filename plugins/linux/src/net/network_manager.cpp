#include <net/manager_state.hpp>

#include <process/container_registry.hpp>
#include <process/supervisor_program.hpp>
#include <sys/netns.hpp>

#include <fcntl.h>
#include <linux/netlink.h>

#include <algorithm>
#include <cerrno>

namespace slipway::linux_backend {

namespace {

using nlohmann::json;

// By then a name space nobody holds has taken its links along, see performance figures of netns cleanup (35-48 ms).
constexpr std::chrono::milliseconds kLinkGrace(300);

// The document with what was chosen filled in.
json filled_in(json document, const BridgeNetwork& network) {
    json pool = {{"Subnet", network.address().subnet_string()}, {"Gateway", network.address().address.to_string()}};
    json& ipam = document["IPAM"];
    if (ipam.is_null()) ipam = json::object();
    json& config = ipam["Config"];
    if (config.is_array() && !config.empty()) {
        config[0].update(pool);
    } else {
        config = json::array({pool});
    }
    if (document["Options"].is_null()) document["Options"] = json::object();
    document["Options"]["com.docker.network.bridge.name"] = network.bridge();
    return document;
}

// The first "ethN" no endpoint has.
std::string free_guest_link(const SandboxState& sandbox) {
    for (unsigned n = 0;; ++n) {
        const std::string name = "eth" + std::to_string(n);
        const auto has = [&](const Endpoint& endpoint) { return endpoint.guest_link == name; };
        if (std::none_of(sandbox.endpoints.begin(), sandbox.endpoints.end(), has)) return name;
    }
}

Status open_route(SandboxState& sandbox) {
    if (sandbox.route) return ok();
    return run_in_netns(sandbox.netns.get(), [&]() -> Status {
        Result<NetlinkSocket> route = NetlinkSocket::open(NETLINK_ROUTE);
        if (!route) return std::move(route).error();
        sandbox.route.emplace(std::move(*route));
        return ok();
    });
}

// Closes the sockets that held the endpoint's ports. Copies inherited by the supervisor stay until it ends.
void drop_held_ports(slw_container& c, const Endpoint& endpoint) {
    if (!c.sandbox) return;
    std::erase_if(c.sandbox->held_ports, [&](const UniqueFd& socket) {
        return std::any_of(endpoint.ports.begin(), endpoint.ports.end(),
                           [&](const PortBinding& port) { return is_holding(socket.get(), port); });
    });
}

Error owner_not_running(const std::string& owner) {
    return Error(ErrorCode::kConflict, "cannot join network of a non running container: " + owner).with_resource(owner);
}

}  // namespace

Result<Sandbox> SandboxState::view() const {
    Sandbox sandbox;
    switch (spec.mode) {
        case SandboxSpec::Mode::kPrivate:
            sandbox.mode = Sandbox::Mode::kPrivate;
            break;
        case SandboxSpec::Mode::kHost:
            sandbox.mode = Sandbox::Mode::kHost;
            break;
        case SandboxSpec::Mode::kContainer:
            sandbox.mode = Sandbox::Mode::kContainer;
            break;
    }
    if (netns) {
        sandbox.netns.reset(fcntl(netns.get(), F_DUPFD_CLOEXEC, 3));
        if (!sandbox.netns) return Error::from_errno(errno, "duplicate a name space");
    }
    return sandbox;
}

std::shared_ptr<SandboxState> NetworkManager::State::find_sandbox(const std::string& id) const {
    const std::lock_guard lock(mutex);
    const auto at = sandboxes.find(id);
    return at == sandboxes.end() ? nullptr : at->second;
}

Result<std::shared_ptr<BridgeNetwork>> NetworkManager::State::open_network(const NetworkSpec& spec) {
    const auto known = [&]() -> std::shared_ptr<BridgeNetwork> {
        const std::lock_guard lock(mutex);
        const auto at = networks.find(spec.id);
        return at == networks.end() ? nullptr : at->second;
    };
    if (std::shared_ptr<BridgeNetwork> network = known()) return network;

    const std::lock_guard making(networks_mutex);
    if (std::shared_ptr<BridgeNetwork> network = known()) return network;
    std::call_once(watched, [this] { watch_firewalls(); });
    Result<std::shared_ptr<BridgeNetwork>> opened = BridgeNetwork::open(spec, defaults());
    if (!opened) return std::move(opened).error().context("network '" + spec.name + "'");
    const std::lock_guard lock(mutex);
    networks.emplace(spec.id, *opened);
    return opened;
}

IsLive NetworkManager::State::is_live() const {
    return [this](const std::string& id) {
        const std::shared_ptr<SandboxState> sandbox = find_sandbox(id);
        return sandbox && sandbox->live;
    };
}

Status NetworkManager::State::release_endpoints(const std::string& id, SandboxState& sandbox) {
    std::vector<int> links;
    Status result = ok();
    while (!sandbox.endpoints.empty()) {
        const Endpoint& endpoint = sandbox.endpoints.back();
        result = unpublish(id, endpoint);
        if (!result) break;
        if (endpoint.network) {
            endpoint.network->addresses()->release(endpoint.address);
            links.push_back(endpoint.host_index);
        }
        sandbox.endpoints.pop_back();
    }
    if (!links.empty()) reaper.remove(std::move(links), kLinkGrace);
    return result;
}

NetworkManager::NetworkManager(const Host& host, const BackendConfig& config)
    : state_(std::make_unique<State>(host, config)) {}

NetworkManager::~NetworkManager() = default;

Result<json> NetworkManager::create_network(const json& document) {
    Result<NetworkSpec> spec = decode_network(document);
    if (!spec) return std::move(spec).error();
    if (spec->driver != NetworkSpec::Driver::kBridge) return document;

    const auto present = [&] {
        const std::lock_guard lock(state_->mutex);
        return state_->networks.count(spec->id) != 0;
    }();
    Result<std::shared_ptr<BridgeNetwork>> network = state_->open_network(*spec);
    if (!network) return std::move(network).error();
    // Asked for again: the table may have been flushed since.
    if (present) {
        if (Status table = (*network)->ensure_firewall(); !table) return std::move(table).error();
    }
    return filled_in(document, **network);
}

Status NetworkManager::remove_network(const json& document) {
    Result<NetworkSpec> spec = decode_network(document);
    if (!spec) return std::move(spec).error();
    if (spec->driver != NetworkSpec::Driver::kBridge) return ok();

    const std::lock_guard making(state_->networks_mutex);
    {
        const std::lock_guard lock(state_->mutex);
        const auto at = state_->networks.find(spec->id);
        if (at != state_->networks.end()) {
            if (at->second->endpoints() > 0) {
                return Error(ErrorCode::kConflict, "error while removing network: network " + spec->name + " id " +
                                                       spec->id + " has active endpoints")
                    .with_resource(spec->name);
            }
            if (spec->bridge.empty()) spec->bridge = at->second->bridge();
            state_->networks.erase(at);  // and its lock on the bridge, which remove() takes itself
        }
    }
    return BridgeNetwork::remove(*spec, state_->defaults());
}

namespace {

// In a user name space the network name space must belong to it, or the container has no say in its own network and
// cannot even see it in sysfs.
Result<NewNetns> own_netns(slw_container& c) {
    if (!c.id_map) return make_netns();
    if (const std::string& owner = c.id_map->owner; !owner.empty()) {
        const Result<int64_t> pid = c.backend.containers->pid_of(owner);
        if (!pid) return pid.error();
        Result<UniqueFd> made = make_netns_of_user(*c.backend.supervisor, static_cast<pid_t>(*pid));
        if (!made) return std::move(made).error();
        return set_up_netns(std::move(*made));
    }
    if (c.user_namespace && c.user_namespace->network) return set_up_netns(std::move(c.user_namespace->network));
    return Error(ErrorCode::kConflict, "container " + c.short_id() +
                                           " has no user name space of its own to make a network name space in; its "
                                           "root must be mounted first");
}

}  // namespace

Result<json> NetworkManager::create_sandbox(slw_container& c, const json& document) {
    Result<SandboxSpec> spec = decode_sandbox(document);
    if (!spec) return std::move(spec).error();
    if (Status stale = destroy_sandbox(c); !stale) {
        state_->host.warn("container " + c.short_id() + ": " + stale.error().message() + ", ignoring");
        const std::lock_guard lock(state_->mutex);
        state_->sandboxes.erase(c.id);
    }

    auto made = std::make_shared<SandboxState>();
    made->spec = std::move(*spec);
    if (made->spec.mode == SandboxSpec::Mode::kPrivate) {
        Result<NewNetns> fresh = own_netns(c);
        if (!fresh) return std::move(fresh).error();
        made->netns = std::move(fresh->netns);
        made->route.emplace(std::move(fresh->route));
    } else if (made->spec.mode == SandboxSpec::Mode::kContainer) {
        const std::shared_ptr<SandboxState> owner = state_->find_sandbox(made->spec.owner);
        if (!owner || !owner->live) return owner_not_running(made->spec.owner);
        if (owner->spec.mode == SandboxSpec::Mode::kHost) {
            made->spec.mode = SandboxSpec::Mode::kHost;
        } else {
            if (!owner->netns) return owner_not_running(made->spec.owner);
            made->netns.reset(fcntl(owner->netns.get(), F_DUPFD_CLOEXEC, 3));
            if (!made->netns) return Error::from_errno(errno, "duplicate a name space");
        }
    }
    Result<Sandbox> view = made->view();
    if (!view) return std::move(view).error();
    if (Status kept = write_record(c.state_dir, encode_record(made->spec, {})); !kept) return std::move(kept).error();
    {
        const std::lock_guard lock(state_->mutex);
        state_->sandboxes[c.id] = made;
    }
    c.sandbox.emplace(std::move(*view));
    return json{{"SandboxKey", ""}};
}

Status NetworkManager::destroy_sandbox(slw_container& c) {
    std::shared_ptr<SandboxState> sandbox = state_->find_sandbox(c.id);
    if (!sandbox) {
        // What an earlier daemon left, or nothing.
        if (Status known = restore(c, 0); !known) {
            state_->host.warn("container " + c.short_id() + ": " + known.error().message() + ", ignoring");
            if (Status cleaned = cleanup_by_id(c.id); !cleaned) return cleaned;
            return remove_record(c.state_dir);
        }
        sandbox = state_->find_sandbox(c.id);
        if (!sandbox) return ok();
    }
    c.sandbox.reset();  // the name space goes with its last holder; the kernel deletes its links in its own time
    sandbox->netns.reset();
    sandbox->route.reset();

    if (Status released = state_->release_endpoints(c.id, *sandbox); !released) {
        (void)write_record(c.state_dir, encode_record(sandbox->spec, sandbox->endpoints));
        return released;
    }
    {
        const std::lock_guard lock(state_->mutex);
        state_->sandboxes.erase(c.id);
    }
    return remove_record(c.state_dir);
}

Result<json> NetworkManager::attach(slw_container& c, const json& document) {
    Result<EndpointSpec> spec = decode_endpoint(document);
    if (!spec) return std::move(spec).error();
    if (spec->network.driver != NetworkSpec::Driver::kBridge) return describe(Endpoint{});

    const std::shared_ptr<SandboxState> sandbox = state_->find_sandbox(c.id);
    if (!sandbox || !c.sandbox || !sandbox->netns) {
        return Error(ErrorCode::kConflict, "container " + c.short_id() + " has no sandbox to attach to a network");
    }
    if (sandbox->spec.mode != SandboxSpec::Mode::kPrivate) {
        return Error(ErrorCode::kInvalidArgument,
                     "Container sharing network namespace with another container or host cannot be connected to any "
                     "other network");
    }
    const auto same = [&](const Endpoint& endpoint) { return endpoint.network_id == spec->network.id; };
    if (std::any_of(sandbox->endpoints.begin(), sandbox->endpoints.end(), same)) {
        return Error(ErrorCode::kConflict,
                     "endpoint with name " + c.name + " already exists in network " + spec->network.name)
            .with_resource(spec->network.name);
    }
    Result<std::shared_ptr<BridgeNetwork>> network = state_->open_network(spec->network);
    if (!network) return std::move(network).error();
    if (Status route = open_route(*sandbox); !route) return std::move(route).error();

    const EndpointOwner owner{c.id, c.name, sandbox->netns.get(), *sandbox->route, state_->reaper};
    std::vector<UniqueFd> held;
    Result<Endpoint> endpoint = join_bridge(owner, *spec, *network, free_guest_link(*sandbox), state_->is_live(), held);
    if (!endpoint) return std::move(endpoint).error();
    endpoint->network_document = document.at("Network");

    json answer = describe(*endpoint);
    sandbox->endpoints.push_back(std::move(*endpoint));
    std::move(held.begin(), held.end(), std::back_inserter(c.sandbox->held_ports));
    Status kept = write_record(c.state_dir, encode_record(sandbox->spec, sandbox->endpoints));
    if (kept) return answer;
    (void)detach(c, spec->network.id);
    return std::move(kept).error();
}

Status NetworkManager::detach(slw_container& c, const std::string& network_id) {
    const std::shared_ptr<SandboxState> sandbox = state_->find_sandbox(c.id);
    if (!sandbox) return ok();
    const auto at = std::find_if(sandbox->endpoints.begin(), sandbox->endpoints.end(),
                                 [&](const Endpoint& endpoint) { return endpoint.network_id == network_id; });
    if (at == sandbox->endpoints.end()) return ok();

    if (Status gone = unpublish(c.id, *at); !gone) return gone;
    drop_held_ports(c, *at);
    at->network->addresses()->release(at->address);
    state_->reaper.remove({at->host_index}, std::chrono::milliseconds(0));
    sandbox->endpoints.erase(at);
    return write_record(c.state_dir, encode_record(sandbox->spec, sandbox->endpoints));
}

}  // namespace slipway::linux_backend
