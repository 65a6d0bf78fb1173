// Reads and checks the JSON beside a plugin, before any code of the plugin runs.
#include <slipway/core/plugin_host.hpp>

#include <slipway/plugin.h>

#include <algorithm>
#include <fstream>
#include <iterator>

#include "plugin_host/naming.hpp"

namespace slipway::core {
namespace {

using nlohmann::json;
namespace fs = std::filesystem;

// A manifest has a handful of keys; whatever is larger is not one, and is not worth reading.
constexpr std::uintmax_t kMaxManifestBytes = 64 * 1024;

Error bad(const fs::path& manifest, const std::string& what) {
    return Error(ErrorCode::kInvalidArgument, "manifest '" + manifest.string() + "': " + what)
        .with_resource(manifest.string());
}

Result<json> parse_manifest(const fs::path& manifest) {
    std::error_code ec;
    const fs::file_status status = fs::status(manifest, ec);
    if (!fs::exists(status)) {
        return Error(ErrorCode::kNotFound, "there is no manifest '" + manifest.string() + "'")
            .with_resource(manifest.string());
    }
    // Opening a pipe or a device could block the daemon for ever.
    if (!fs::is_regular_file(status)) return bad(manifest, "not a regular file");
    const std::uintmax_t size = fs::file_size(manifest, ec);
    if (ec) return bad(manifest, ec.message());
    if (size > kMaxManifestBytes) return bad(manifest, "larger than 64 KiB");

    std::ifstream file(manifest, std::ios::binary);
    const std::string text{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
    if (file.bad() || !file.is_open()) return bad(manifest, "cannot be read");
    json document = json::parse(text, nullptr, false);
    if (document.is_discarded()) return bad(manifest, "not valid JSON");
    if (!document.is_object()) return bad(manifest, "not a JSON object");
    return document;
}

Status read_number(const json& document, const fs::path& manifest, const char* key, uint32_t& out) {
    const auto found = document.find(key);
    if (found == document.end()) return bad(manifest, "key '" + std::string(key) + "' is missing");
    if (!found->is_number_unsigned() || found->get<uint64_t>() > UINT32_MAX) {
        return bad(manifest, "key '" + std::string(key) + "' is not a whole number from 0 to 4294967295");
    }
    out = found->get<uint32_t>();
    return ok();
}

Status read_string(const json& document, const fs::path& manifest, const char* key, bool required, std::string& out) {
    const auto found = document.find(key);
    if (found == document.end()) {
        if (!required) return ok();
        return bad(manifest, "key '" + std::string(key) + "' is missing");
    }
    if (!found->is_string()) return bad(manifest, "key '" + std::string(key) + "' is not a string");
    out = found->get<std::string>();
    return ok();
}

// Words this host does not know are of later ones.
Status read_features(const json& document, const fs::path& manifest, std::vector<std::string>& out) {
    const auto found = document.find("features");
    if (found == document.end()) return ok();
    const auto is_text = [](const json& word) { return word.is_string(); };
    if (!found->is_array() || !std::all_of(found->begin(), found->end(), is_text)) {
        return bad(manifest, "key 'features' is not a list of strings");
    }
    out = found->get<std::vector<std::string>>();
    return ok();
}

Status fill(const json& document, const fs::path& path, PluginManifest& manifest) {
    uint32_t format = 0;
    if (Status s = read_number(document, path, "slipway_plugin", format); !s) return s;
    if (format != 1) {
        return bad(path, "key 'slipway_plugin' is " + std::to_string(format) + ", this host reads format 1");
    }
    if (Status s = read_string(document, path, "name", true, manifest.name); !s) return s;
    if (!is_backend_name(manifest.name)) return bad(path, "key 'name' does not match [a-z][a-z0-9-]{0,31}");
    if (Status s = read_number(document, path, "abi_major", manifest.abi_major); !s) return s;
    if (Status s = read_number(document, path, "abi_minor", manifest.abi_minor); !s) return s;
    if (manifest.abi_major != SLW_ABI_MAJOR) {
        // Before the remaining keys: another major may spell them differently.
        return abi_refusal(manifest.name, "is built", manifest.abi_major, manifest.abi_minor)
            .with_resource(manifest.library.string());
    }
    if (Status s = read_string(document, path, "platform", true, manifest.platform); !s) return s;
    if (manifest.platform != "linux" && manifest.platform != "windows") {
        return bad(path, "key 'platform' is neither \"linux\" nor \"windows\"");
    }
    manifest.image_os = manifest.platform;
    if (Status s = read_string(document, path, "image_os", false, manifest.image_os); !s) return s;
    if (manifest.image_os != "linux" && manifest.image_os != "windows") {
        return bad(path, "key 'image_os' is neither \"linux\" nor \"windows\"");
    }
    if (Status s = read_string(document, path, "version", true, manifest.version); !s) return s;
    if (Status s = read_string(document, path, "description", false, manifest.description); !s) return s;
    return read_features(document, path, manifest.features);
}

}  // namespace

bool is_backend_name(std::string_view name) {
    if (name.empty() || name.size() > 32 || name[0] < 'a' || name[0] > 'z') return false;
    return std::all_of(name.begin(), name.end(),
                       [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-'; });
}

std::string abi_text(uint32_t major, uint32_t minor) {
    return std::to_string(major) + "." + std::to_string(minor);
}

Error abi_refusal(const std::string& name, const std::string& how, uint32_t major, uint32_t minor) {
    return Error(ErrorCode::kConflict, "backend '" + name + "' " + how + " for ABI " + abi_text(major, minor) +
                                           ", this host has ABI " + abi_text(SLW_ABI_MAJOR, SLW_ABI_MINOR))
        .with_hint("rebuild the backend with the SDK of this Slipway");
}

Error name_backend(Error error, const std::string& backend) {
    const std::string prefix = "backend '" + backend + "'";
    if (error.message().compare(0, prefix.size(), prefix) == 0) return error;
    return std::move(error).context(prefix);
}

std::filesystem::path manifest_of(const std::filesystem::path& library) {
    return fs::path(library).replace_extension(".json");
}

Result<PluginManifest> read_manifest(const std::filesystem::path& library) {
    std::error_code ec;
    PluginManifest manifest;
    manifest.library = fs::absolute(library, ec).lexically_normal();
    if (ec) return Error(ErrorCode::kInvalidArgument, "library '" + library.string() + "': " + ec.message());

    const fs::path path = manifest_of(manifest.library);
    Result<json> document = parse_manifest(path);
    if (!document) return std::move(document).error();
    if (Status filled = fill(*document, path, manifest); !filled) return std::move(filled).error();
    return manifest;
}

}  // namespace slipway::core
