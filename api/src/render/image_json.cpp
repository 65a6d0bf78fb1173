#include "render/image_json.hpp"

namespace slipway::api {
namespace {

using nlohmann::json;

std::string text_of(const json& document, const char* key) {
    const auto it = document.find(key);
    return it != document.end() && it->is_string() ? it->get<std::string>() : std::string();
}

json object_of(const json& document, const char* key) {
    const auto it = document.find(key);
    return it != document.end() && it->is_object() ? *it : json::object();
}

// The comment lives in the newest history entry of an OCI configuration, or at the top of an old Docker one.
std::string comment_of(const json& document) {
    if (std::string comment = text_of(document, "comment"); !comment.empty()) return comment;
    const auto history = document.find("history");
    if (history == document.end() || !history->is_array() || history->empty()) return {};
    return history->back().is_object() ? text_of(history->back(), "comment") : std::string();
}

}  // namespace

json image_inspect_json(const core::ImageRecord& image, ApiVersion version) {
    const json document = image.document.is_object() ? image.document : json::object();
    json out{{"Id", image.id},
             {"RepoTags", image.tags},
             {"RepoDigests", json::array()},
             {"Parent", ""},
             {"Comment", comment_of(document)},
             {"DockerVersion", text_of(document, "docker_version")},
             {"Author", text_of(document, "author")},
             {"Config", object_of(document, "config")},
             {"Architecture", text_of(document, "architecture")},
             {"Os", text_of(document, "os")},
             {"Size", image.size_bytes},
             {"GraphDriver", {{"Name", "overlayfs"}, {"Data", nullptr}}},
             {"RootFS", {{"Type", "layers"}, {"Layers", image.diff_ids}}},
             {"Metadata", {{"LastTagTime", core::to_rfc3339(image.tagged_at)}}}};
    if (image.created != 0 || version < ApiVersion{1, 44}) out["Created"] = core::to_rfc3339(image.created);
    if (const std::string variant = text_of(document, "variant"); !variant.empty()) out["Variant"] = variant;
    if (const std::string os_version = text_of(document, "os.version"); !os_version.empty()) {
        out["OsVersion"] = os_version;
    }
    if (version < ApiVersion{1, 44}) out["VirtualSize"] = image.size_bytes;
    if (version < ApiVersion{1, 45}) {
        out["Container"] = "";
        out["ContainerConfig"] = nullptr;
    }
    return out;
}

json image_summary_json(const core::ImageRecord& image, ApiVersion version, int64_t containers) {
    const json document = image.document.is_object() ? image.document : json::object();
    const json config = object_of(document, "config");
    json tags = image.tags;
    json digests = json::array();
    // Older clients cannot cope with an image that has no name at all.
    if (image.tags.empty() && version < ApiVersion{1, 43}) {
        tags = json::array({"<none>:<none>"});
        digests = json::array({"<none>@<none>"});
    }
    json out{{"Id", image.id},
             {"ParentId", ""},
             {"RepoTags", std::move(tags)},
             {"RepoDigests", std::move(digests)},
             {"Created", image.created / 1'000'000'000},
             {"Size", image.size_bytes},
             {"SharedSize", -1},
             {"Labels", object_of(config, "Labels")},
             {"Containers", containers}};
    if (version < ApiVersion{1, 44}) out["VirtualSize"] = image.size_bytes;
    return out;
}

}  // namespace slipway::api
