#include <ops/container_files.hpp>

#include <documents/utf8_text.hpp>

#include <nlohmann/json.hpp>

#include <fstream>

namespace slipway::windows_backend {

namespace fs = std::filesystem;

namespace {

fs::path layers_file(const slw_container& c) {
    return writable_layer(c) / "layers.json";
}

}  // namespace

fs::path writable_layer(const slw_container& c) {
    return path_from_utf8(c.data_dir) / "scratch";
}

fs::path container_disk(const slw_container& c) {
    return writable_layer(c) / "sandbox.vhdx";
}

fs::path used_mark(const slw_container& c) {
    return writable_layer(c) / "initialised";
}

fs::path machine_mark(const slw_container& c) {
    return writable_layer(c) / "in-machine";
}

fs::path machine_folder(const slw_container& c) {
    return path_from_utf8(c.data_dir) / "vm";
}

Status record_layers(const slw_container& c, const std::vector<std::string>& lowest_first) {
    std::error_code ignored;
    fs::create_directories(writable_layer(c), ignored);
    std::ofstream file(layers_file(c), std::ios::binary | std::ios::trunc);
    file << nlohmann::json(lowest_first).dump();
    file.close();
    if (file) return ok();
    return Error(ErrorCode::kSystem, "write '" + utf8_of_path(layers_file(c)) + "' failed")
        .with_resource(utf8_of_path(layers_file(c)));
}

Result<std::vector<std::string>> recorded_layers(const slw_container& c) {
    std::ifstream file(layers_file(c), std::ios::binary);
    const nlohmann::json ids = file ? nlohmann::json::parse(file, nullptr, false) : nlohmann::json();
    if (!ids.is_array() || ids.empty()) {
        return Error(ErrorCode::kNotFound, "container " + c.id + " has no writable layer on those of an image")
            .with_resource(c.id);
    }
    std::vector<std::string> texts;
    for (const nlohmann::json& id : ids) texts.push_back(id.is_string() ? id.get<std::string>() : std::string());
    return texts;
}

}  // namespace slipway::windows_backend
