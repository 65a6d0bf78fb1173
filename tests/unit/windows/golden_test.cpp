// Each file in golden/ is an input and the document that the published schema asks for. Compared as JSON values.
#include <documents/guid.hpp>
#include <documents/hosted_document.hpp>
#include <documents/json_access.hpp>
#include <documents/layer_data.hpp>
#include <documents/network_documents.hpp>
#include <documents/process_document.hpp>
#include <documents/system_document.hpp>
#include <documents/vm_document.hpp>
#include <documents/vm_requests.hpp>
#include <tree/tree.hpp>

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

namespace slipway::windows_backend {
namespace {

using nlohmann::json;
namespace fs = std::filesystem;

const fs::path kGolden = fs::path(tree::kSource) / "tests/unit/windows/golden";

std::vector<LayerFolder> layers_in(const json& array) {
    std::vector<LayerFolder> layers;
    for (const json& layer : array) layers.push_back({read_text(layer, "Id"), read_text(layer, "Path")});
    return layers;
}

SystemParts parts_in(const json& input) {
    SystemParts parts;
    parts.layers = layers_in(member_of(input, "layers"));
    parts.volume_path = read_text(input, "volume");
    for (const json& entry : input.value("directories", json::array())) {
        parts.directories.push_back({entry[0], entry[1], entry[2]});
    }
    for (const json& entry : input.value("pipes", json::array())) parts.pipes.push_back({entry[0], entry[1]});
    parts.network_namespace = read_text(input, "namespace");
    parts.shared_container = read_text(input, "shared");
    parts.dns_search = read_texts(input, "search");
    parts.unqualified_dns = read_flag(input, "unqualified");
    return parts;
}

Result<json> vm_request(const json& input) {
    const std::string what = input["what"];
    if (what == "share") return add_share_request(input["name"], input["path"], input["read_only"], input["backup"]);
    if (what == "disk") return add_disk_request(input["lun"], input["path"], input["guest"]);
    if (what == "layers") return combine_layers_request(input["guest"], layers_in(input["layers"]));
    if (what == "pipe") return map_pipe_request(input["path"]);
    if (what == "namespace") return add_guest_namespace_request(input["properties"]);
    if (what == "announce") {
        return announce_adapter_request(input["adapter"], input["endpoint"], input["namespace"],
                                        dns_settings(input["sandbox"]));
    }
    if (what == "adapter") return add_adapter_request(input["adapter"], input["endpoint"]);
    if (what == "adapter-remove") return remove_adapter_request(input["adapter"], input["endpoint"]);
    return Error(ErrorCode::kInternal, "no request " + what);
}

Result<json> build(const std::string& kind, const json& input) {
    if (kind == "system") {
        return complete_system_document(system_document(input["request"], "slipway-c0ffee00", 4),
                                        parts_in(input["parts"]));
    }
    if (kind == "vm") {
        return complete_vm_document(vm_document(input["request"], "slipway-c0ffee00", 4), input["os_files"],
                                    input["disk"]);
    }
    if (kind == "hosted") {
        return complete_hosted_document(hosted_document(input["request"], "slipway-c0ffee00"), parts_in(input["parts"]),
                                        input["vm"]);
    }
    if (kind == "vmrequest") return vm_request(input);
    if (kind == "process") return process_parameters(input);
    if (kind == "network") return hcn_network(input, "slipway-c0ffee00");
    if (kind == "endpoint") {
        const auto ports = port_wishes(input["endpoint"]);
        if (!ports) return ports.error();
        const std::string network = guid_of_id(input["endpoint"]["Network"]["Id"].get<std::string>()).text();
        return hcn_endpoint(input["endpoint"], network, "ep", dns_settings(input["sandbox"]), *ports);
    }
    if (kind == "layers") return layer_data(layers_in(input));
    return Error(ErrorCode::kInternal, "no builder for " + kind);
}

std::vector<fs::path> golden_files() {
    std::vector<fs::path> files;
    for (const auto& entry : fs::directory_iterator(kGolden)) files.push_back(entry.path());
    std::sort(files.begin(), files.end());
    return files;
}

class Golden : public testing::TestWithParam<fs::path> {};

TEST_P(Golden, IsWhatTheBuilderWrites) {
    std::ifstream file(GetParam());
    const json golden = json::parse(file);
    const std::string stem = GetParam().stem().string();

    const Result<json> built = build(stem.substr(0, stem.find('-')), golden["input"]);

    ASSERT_TRUE(built) << built.error().message();
    EXPECT_EQ(*built, golden["document"]) << json::diff(golden["document"], *built).dump(2);
}

INSTANTIATE_TEST_SUITE_P(WindowsDocuments, Golden, testing::ValuesIn(golden_files()), [](const auto& file) {
    std::string name = file.param.stem().string();
    std::replace(name.begin(), name.end(), '-', '_');
    return name;
});

}  // namespace
}  // namespace slipway::windows_backend
