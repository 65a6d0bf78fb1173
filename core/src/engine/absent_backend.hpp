// core/src/engine/absent_backend.hpp - stands in for a backend whose plugin could not be loaded: its containers are
// listed, everything else about them is kUnavailable with a sentence naming the backend.
#pragma once

#include <slipway/core/backend.hpp>

namespace slipway::core {

class AbsentBackend : public Backend {
public:
    explicit AbsentBackend(std::string name) { info_.name = std::move(name); }

    const BackendInfo& info() const override { return info_; }
    Result<VerifyResult> verify(const CallContext&, const nlohmann::json&, const nlohmann::json&, bool) override {
        return absent();
    }
    Result<std::unique_ptr<BackendContainer>> open_container(const ContainerDesc&) override { return absent(); }
    Result<LayerInfo> layer_import(const CallContext&, const std::string&, const std::vector<std::string>&,
                                   const ByteSource&) override {
        return absent();
    }
    Result<LayerInfo> layer_stat(const std::string&) override { return absent(); }
    Status layer_remove(const CallContext&, const std::string&) override { return absent(); }
    Result<std::vector<std::string>> layer_list(const CallContext&) override { return absent(); }
    Result<nlohmann::json> network_create(const CallContext&, const nlohmann::json&) override { return absent(); }
    Status network_remove(const CallContext&, const nlohmann::json&) override { return absent(); }
    Result<std::vector<Holding>> list_holdings(const CallContext&) override { return absent(); }
    Status remove_holding(const CallContext&, const std::string&) override { return absent(); }

private:
    Error absent() const { return Error(ErrorCode::kUnavailable, "backend '" + info_.name + "' is not loaded"); }

    BackendInfo info_;
};

}  // namespace slipway::core
