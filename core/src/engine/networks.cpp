#include "engine/networks.hpp"

#include "names/identity.hpp"

#include <algorithm>
#include <span>

namespace slipway::core {

namespace {

struct BuiltIn {
    const char* name;
    const char* driver;
};
// The default network comes first.
constexpr BuiltIn kOfLinux[] = {{"bridge", "bridge"}, {"host", "host"}, {"none", "null"}};
constexpr BuiltIn kOfWindows[] = {{"nat", "nat"}, {"none", "null"}};

std::span<const BuiltIn> built_in_networks(const std::string& image_os) {
    if (image_os == "windows") return kOfWindows;
    return kOfLinux;
}

}  // namespace

nlohmann::json network_document(const NetworkRecord& network) {
    return {{"Id", network.id},
            {"Name", network.name},
            {"Driver", network.driver},
            {"IPAM", network.ipam.is_object() ? network.ipam : nlohmann::json::object()},
            {"Options", network.options.is_object() ? network.options : nlohmann::json::object()}};
}

Result<std::unique_ptr<Networks>> Networks::open(std::shared_ptr<Store> store, const std::string& image_os,
                                                 bool bridge_disabled, std::vector<DamagedRow>& damaged) {
    std::unique_ptr<Networks> networks(new Networks(std::move(store)));
    networks->bridge_disabled_ = bridge_disabled;
    auto loaded = networks->store_->load_networks();
    if (!loaded) return std::move(loaded).error();
    damaged = std::move(loaded->damaged);
    Batch batch;
    const std::span<const BuiltIn> built_in_ones = built_in_networks(image_os);
    networks->default_ = built_in_ones.front().name;
    for (const BuiltIn& built_in : built_in_ones) {
        const auto known = std::find_if(loaded->rows.begin(), loaded->rows.end(),
                                        [&](const NetworkRecord& row) { return row.name == built_in.name; });
        if (known != loaded->rows.end()) {
            networks->networks_.push_back(std::move(*known));
            continue;
        }
        NetworkRecord fresh;
        fresh.id = generate_id();
        fresh.name = built_in.name;
        fresh.driver = built_in.driver;
        fresh.created = unix_now();
        fresh.ipam = {{"Driver", "default"}, {"Config", nlohmann::json::array()}};
        fresh.options = nlohmann::json::object();
        batch.put(fresh);
        networks->networks_.push_back(std::move(fresh));
    }
    if (!batch.empty()) {
        auto committed = networks->store_->commit(std::move(batch), Durability::kFull);
        if (!committed) return std::move(committed).error();
    }
    if (bridge_disabled) {
        std::erase_if(networks->networks_, [&](const NetworkRecord& row) { return row.name == networks->default_; });
    }
    return networks;
}

std::vector<NetworkRecord> Networks::all() const {
    const std::lock_guard lock(mutex_);
    return networks_;
}

Result<NetworkRecord> Networks::find(const std::string& ref) const {
    const std::lock_guard lock(mutex_);
    const NetworkRecord* match = nullptr;
    for (const NetworkRecord& network : networks_) {
        if (network.name == ref || network.id == ref) return network;
        if (ref.empty() || !network.id.starts_with(ref)) continue;
        if (match != nullptr) {
            return Error(ErrorCode::kInvalidArgument,
                         "network " + ref + " is ambiguous (2 matches found on ID prefix)");
        }
        match = &network;
    }
    if (match == nullptr) return Error(ErrorCode::kNotFound, "network " + ref + " not found").with_resource(ref);
    return *match;
}

Result<NetworkRecord> Networks::for_mode(const std::string& mode) const {
    const bool is_default = mode.empty() || mode == "default" || (bridge_disabled_ && mode == default_);
    if (!is_default) return find(mode);
    return find(bridge_disabled_ ? "none" : default_);
}

Result<NetworkRecord> Networks::ensure(Backend& backend, const CallContext& call, const NetworkRecord& network) {
    if (network.driver == "host" || network.driver == "null") return network;
    const auto key = std::make_pair(backend.info().name, network.id);
    const auto current = [&]() -> std::optional<NetworkRecord> {
        const std::lock_guard lock(mutex_);
        if (!ready_.contains(key)) return std::nullopt;
        for (const NetworkRecord& known : networks_) {
            if (known.id == network.id) return known;
        }
        return std::nullopt;
    };
    if (auto ready = current()) return *ready;

    const std::lock_guard one_at_a_time(making_);
    if (auto ready = current()) return *ready;
    auto made = backend.network_create(call, network_document(network));
    if (!made) return std::move(made).error();
    NetworkRecord complete = network;
    if (made->contains("IPAM")) complete.ipam = made->at("IPAM");
    if (made->contains("Options")) complete.options = made->at("Options");
    // Only told to people; a store that is full must not stop a network that works.
    Batch batch;
    batch.put(complete);
    auto committed = store_->commit(std::move(batch), Durability::kNormal);
    if (!committed && committed.error().code() != ErrorCode::kResourceExhausted) return std::move(committed).error();
    const std::lock_guard lock(mutex_);
    for (NetworkRecord& known : networks_) {
        if (known.id == complete.id) known = complete;
    }
    ready_.insert(key);
    return complete;
}

void Networks::doubt(const Backend& backend, const std::string& network_id) {
    const std::lock_guard lock(mutex_);
    ready_.erase({backend.info().name, network_id});
}

}  // namespace slipway::core
