// tests/unit/core/support/layer_backend.hpp - a backend that only keeps layers, in memory, and can be told to fail.
#pragma once

#include <slipway/core/backend.hpp>

#include <map>
#include <string>
#include <vector>

namespace slipway::test {

class LayerBackend final : public core::Backend {
public:
    struct Layer {
        std::vector<std::string> parents;
        std::string content;
    };

    std::map<std::string, Layer> layers;
    int fail_import_number = 0;     // the nth import fails; 0: none
    bool stop_at_end_mark = false;  // like a tar reader, does not ask for what follows
    int imports = 0;

    const core::BackendInfo& info() const override { return info_; }

    Result<core::LayerInfo> layer_import(const core::CallContext&, const std::string& id,
                                         const std::vector<std::string>& parents,
                                         const core::ByteSource& tar) override {
        if (++imports == fail_import_number) return Error(ErrorCode::kResourceExhausted, "no space left on device");
        if (layers.contains(id)) return core::LayerInfo{layers[id].content.size(), 1};
        std::string content;
        char buffer[512];
        while (true) {
            const int64_t got = tar(buffer, sizeof buffer);
            if (got < 0) return Error(ErrorCode::kInvalidArgument, "the source failed");
            if (got == 0) break;
            content.append(buffer, static_cast<size_t>(got));
            if (stop_at_end_mark) break;
        }
        layers[id] = {parents, content};
        return core::LayerInfo{content.size(), 1};
    }
    Result<core::LayerInfo> layer_stat(const std::string& id) override {
        if (!layers.contains(id)) return Error(ErrorCode::kNotFound, "no layer " + id);
        return core::LayerInfo{layers[id].content.size(), 1};
    }
    Status layer_remove(const core::CallContext&, const std::string& id) override {
        layers.erase(id);
        return ok();
    }
    Result<std::vector<std::string>> layer_list(const core::CallContext&) override {
        std::vector<std::string> ids;
        for (const auto& [id, layer] : layers) ids.push_back(id);
        return ids;
    }

    // Nothing else is asked of it.
    Result<core::VerifyResult> verify(const core::CallContext&, const nlohmann::json&, const nlohmann::json&,
                                      bool) override {
        return unexpected();
    }
    Result<std::unique_ptr<core::BackendContainer>> open_container(const core::ContainerDesc&) override {
        return unexpected();
    }
    Result<nlohmann::json> network_create(const core::CallContext&, const nlohmann::json&) override {
        return unexpected();
    }
    Status network_remove(const core::CallContext&, const nlohmann::json&) override { return unexpected(); }
    Result<std::vector<core::Holding>> list_holdings(const core::CallContext&) override { return unexpected(); }
    Status remove_holding(const core::CallContext&, const std::string&) override { return unexpected(); }

private:
    static Error unexpected() { return Error(ErrorCode::kInternal, "not expected here"); }

    core::BackendInfo info_ = [] {
        core::BackendInfo info;
        info.name = "layers";
        info.platform = "linux";
        return info;
    }();
};

}  // namespace slipway::test
