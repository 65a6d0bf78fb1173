// core/src/plugin_host/plugin_backend.hpp - a started plugin as a Backend.
#pragma once

#include <memory>

#include "plugin_host/instance.hpp"

namespace slipway::core {

class PluginBackend final : public Backend {
public:
    explicit PluginBackend(std::shared_ptr<PluginInstance> plugin) : plugin_(std::move(plugin)) {}

    const BackendInfo& info() const override { return plugin_->info(); }

    Result<VerifyResult> verify(const CallContext& call, const nlohmann::json& config,
                                const nlohmann::json& host_config, bool update) override;
    Result<std::unique_ptr<BackendContainer>> open_container(const ContainerDesc& desc) override;

    Result<LayerInfo> layer_import(const CallContext& call, const std::string& layer_id,
                                   const std::vector<std::string>& parents, const ByteSource& tar) override;
    Result<LayerInfo> layer_stat(const std::string& layer_id) override;
    Status layer_remove(const CallContext& call, const std::string& layer_id) override;
    Result<std::vector<std::string>> layer_list(const CallContext& call) override;

    Result<nlohmann::json> network_create(const CallContext& call, const nlohmann::json& network) override;
    Status network_remove(const CallContext& call, const nlohmann::json& network) override;

    Result<std::vector<Holding>> list_holdings(const CallContext& call) override;
    Status remove_holding(const CallContext& call, const std::string& container_id) override;

private:
    std::shared_ptr<PluginInstance> plugin_;
};

}  // namespace slipway::core
