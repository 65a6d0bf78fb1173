// Taking over and sweeping up after an earlier daemon. What exists is found in the kernel; the record only says which
// address belongs to which container.
#include <net/links.hpp>
#include <net/manager_state.hpp>

#include <sys/netns.hpp>

#include <linux/netlink.h>

#include <algorithm>
#include <cerrno>

namespace slipway::linux_backend {

namespace {

using nlohmann::json;

bool is_our_table(const std::string& name) {
    return name == "slipway" || name.compare(0, 8, "slipway-") == 0;
}

// Tables of every daemon on this host.
Result<std::vector<std::string>> all_tables() {
    Result<std::vector<NetlinkReply>> replies = nft_query(nft_message("list tables", NFT_MSG_GETTABLE, NLM_F_DUMP));
    if (!replies) return std::move(replies).error();
    std::vector<std::string> names;
    for (const NetlinkReply& reply : *replies) {
        for (const nlattr* attr : attributes(reply.header(), 4)) {
            if (mnl_attr_get_type(attr) != NFTA_TABLE_NAME) continue;
            const std::string name = mnl_attr_get_str(attr);
            if (is_our_table(name)) names.push_back(name);
        }
    }
    return names;
}

Firewall firewall_of_table(const std::string& table) {
    return Firewall(table == "slipway" ? "slipway0" : table.substr(8));
}

// Deletes the elements for which `doomed` says so.
Status erase_elements(const Firewall& firewall, const std::function<bool(const PublishedElement&)>& doomed) {
    Result<std::vector<PublishedElement>> elements = firewall.list();
    if (!elements) return std::move(elements).error();
    std::erase_if(*elements, [&](const PublishedElement& element) { return !doomed(element); });
    Status erased = firewall.erase(*elements);
    if (!erased && errno_of(erased.error()) == ENOENT) return ok();  // gone between the two steps
    return erased;
}

Result<std::vector<LinkInfo>> all_links() {
    Result<NetlinkSocket> route = NetlinkSocket::open(NETLINK_ROUTE);
    if (!route) return std::move(route).error();
    return list_links(*route);
}

}  // namespace

std::vector<Firewall> NetworkManager::State::firewalls() const {
    std::set<std::string> bridges;
    if (config.bridge != "none") bridges.insert(config.bridge.empty() ? "slipway0" : config.bridge);
    {
        const std::lock_guard lock(mutex);
        for (const auto& [id, network] : networks) bridges.insert(network->bridge());
    }
    std::vector<Firewall> all;
    for (const std::string& bridge : bridges) all.emplace_back(bridge);
    return all;
}

Result<std::vector<LinkInfo>> NetworkManager::State::host_links_of_bridges() const {
    Result<std::vector<LinkInfo>> links = all_links();
    if (!links) return links;
    std::set<int> bridges;
    for (const LinkInfo& link : *links) {
        for (const Firewall& firewall : firewalls()) {
            if (link.name == firewall.bridge()) bridges.insert(link.index);
        }
    }
    std::erase_if(*links,
                  [&](const LinkInfo& link) { return bridges.count(link.master) == 0 || !is_host_link(link.name); });
    return links;
}

void NetworkManager::State::watch_firewalls() {
    if (Status watching = watch.start(); !watching) host.warn(watching.error().message() + ", ignoring");
}

void NetworkManager::State::restore_firewalls() {
    const std::lock_guard making(networks_mutex);  // a network that is being removed must not get its table back
    std::vector<std::shared_ptr<BridgeNetwork>> present;
    {
        const std::lock_guard lock(mutex);
        for (const auto& [id, network] : networks) present.push_back(network);
    }
    for (const std::shared_ptr<BridgeNetwork>& network : present) {
        const Result<bool> restored = network->restore_firewall();
        const std::string table = "nftables table '" + network->firewall().table() + "'";
        if (!restored) {
            host.error(table + " was deleted or flushed and cannot be put back: " + restored.error().message());
        } else if (*restored) {
            host.warn(table + " was deleted or flushed by somebody; put back");
        }
    }
}

Status NetworkManager::State::take_over(const std::string& id, bool live, Endpoint& endpoint) {
    Result<NetworkSpec> spec = decode_network(endpoint.network_document);
    if (!spec) return std::move(spec).error();
    Result<std::shared_ptr<BridgeNetwork>> network = open_network(*spec);
    if (!network) return std::move(network).error();
    if (Status taken = (*network)->addresses()->reserve(endpoint.address); !taken) return taken;
    endpoint.network = *network;
    if (!live) return ok();

    // Elements that are there are replaced by themselves in one transaction, so nobody notices.
    Status published = (*network)->publish(id, publications_of(endpoint), is_live());
    if (!published) (*network)->addresses()->release(endpoint.address);
    return published;
}

Status NetworkManager::restore(slw_container& c, pid_t pid) {
    if (state_->find_sandbox(c.id)) return ok();
    Result<std::optional<NetworkRecord>> record = read_record(c.state_dir);
    if (!record) return std::move(record).error();
    if (!*record) return ok();

    auto sandbox = std::make_shared<SandboxState>();
    sandbox->spec = (*record)->sandbox;
    sandbox->live = pid != 0;
    if (pid != 0 && sandbox->spec.mode != SandboxSpec::Mode::kHost) {
        Result<UniqueFd> netns = open_netns_of(pid);
        if (!netns) return std::move(netns).error();
        sandbox->netns = std::move(*netns);
    }
    Result<Sandbox> view = sandbox->view();
    if (!view) return std::move(view).error();

    for (Endpoint& endpoint : (*record)->endpoints) {
        Status taken = state_->take_over(c.id, sandbox->live, endpoint);
        if (!taken) {
            for (const Endpoint& earlier : sandbox->endpoints) earlier.network->addresses()->release(earlier.address);
            return std::move(taken).error().context("take over the network of container " + c.short_id());
        }
        sandbox->endpoints.push_back(std::move(endpoint));
    }
    c.sandbox.emplace(std::move(*view));
    const std::lock_guard lock(state_->mutex);
    state_->sandboxes.emplace(c.id, std::move(sandbox));
    return ok();
}

Status NetworkManager::cleanup_by_id(const std::string& container_id) {
    Status result = ok();
    if (const std::shared_ptr<SandboxState> sandbox = state_->find_sandbox(container_id)) {
        result = state_->release_endpoints(container_id, *sandbox);
        const std::lock_guard lock(state_->mutex);
        state_->sandboxes.erase(container_id);
    }

    {
        const std::lock_guard lock(state_->mutex);
        for (const auto& [id, network] : state_->networks) network->forget(container_id);
    }

    // An id is nobody else's, so the tables of all daemons may be searched; the one it used to belong to may be gone.
    Result<std::vector<std::string>> tables = all_tables();
    if (!tables) return std::move(tables).error();
    for (const std::string& table : *tables) {
        const auto its_own = [&](const PublishedElement& element) { return element.owner == container_id; };
        Status erased = erase_elements(firewall_of_table(table), its_own);
        if (result) result = std::move(erased);
    }

    Result<std::vector<LinkInfo>> links = all_links();
    if (!links) return std::move(links).error();
    std::vector<int> doomed;
    for (const LinkInfo& link : *links) {
        if (is_host_link_of(container_id, link.name)) doomed.push_back(link.index);
    }
    if (!doomed.empty()) state_->reaper.remove(std::move(doomed), std::chrono::milliseconds(0));
    return result;
}

Status NetworkManager::sweep(const std::set<std::string>& known) {
    Status result = ok();
    for (const Firewall& firewall : state_->firewalls()) {
        const auto unknown = [&](const PublishedElement& element) {
            return !element.owner.empty() && known.count(element.owner) == 0;
        };
        Status erased = erase_elements(firewall, unknown);
        if (result) result = std::move(erased);
    }

    Result<std::vector<LinkInfo>> links = state_->host_links_of_bridges();
    if (!links) return std::move(links).error();
    std::vector<int> doomed;
    for (const LinkInfo& link : *links) {
        const auto owns = [&](const std::string& id) { return is_host_link_of(id, link.name); };
        if (std::none_of(known.begin(), known.end(), owns)) doomed.push_back(link.index);
    }
    if (!doomed.empty()) state_->reaper.remove(std::move(doomed), std::chrono::milliseconds(0));
    return result;
}

Result<std::vector<std::string>> NetworkManager::list() {
    std::set<std::string> owners;
    for (const Firewall& firewall : state_->firewalls()) {
        Result<std::vector<PublishedElement>> elements = firewall.list();
        if (!elements) return std::move(elements).error();
        for (const PublishedElement& element : *elements) {
            if (!element.owner.empty()) owners.insert(element.owner);
        }
    }
    return std::vector<std::string>(owners.begin(), owners.end());
}

}  // namespace slipway::linux_backend
