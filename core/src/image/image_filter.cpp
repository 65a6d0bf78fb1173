// `docker images --filter`.
#include "image/glob.hpp"
#include "image/image_store.hpp"
#include "model/time_text.hpp"

#include <algorithm>
#include <optional>

namespace slipway::core {

namespace {

using Values = std::set<std::string>;

Error invalid_filter(const std::string& what) {
    return Error(ErrorCode::kInvalidArgument, "invalid filter '" + what + "'");
}

Result<bool> flag_of(const std::string& key, const Values& values) {
    if (values.size() == 1) {
        const std::string& value = *values.begin();
        if (value == "true" || value == "1" || value == "True" || value == "TRUE" || value == "t") return true;
        if (value == "false" || value == "0" || value == "False" || value == "FALSE" || value == "f") return false;
    }
    std::string list;
    for (const std::string& value : values) list.append(list.empty() ? "" : " ").append(value);
    return invalid_filter(key + "=[" + list + "]");
}

// Tags of `image` that one of the patterns matches, with or without the tag's own part.
std::vector<std::string> matching_tags(const ImageRecord& image, const Values& patterns) {
    std::vector<std::string> kept;
    for (const std::string& tag : image.tags) {
        const std::string name = tag.substr(0, tag.rfind(':'));
        const bool matched = std::any_of(patterns.begin(), patterns.end(), [&](const std::string& pattern) {
            return glob_match(pattern, tag) || glob_match(pattern, name);
        });
        if (matched) kept.push_back(tag);
    }
    return kept;
}

bool has_labels(const ImageRecord& image, const Values& wanted) {
    static const nlohmann::json none = nlohmann::json::object();
    const auto config = image.document.find("config");
    const nlohmann::json* labels = &none;
    if (config != image.document.end() && config->is_object()) {
        const auto found = config->find("Labels");
        if (found != config->end() && found->is_object()) labels = &*found;
    }
    return std::all_of(wanted.begin(), wanted.end(), [&](const std::string& each) {
        const size_t equals = each.find('=');
        const auto label = labels->find(each.substr(0, equals));
        if (label == labels->end()) return false;
        return equals == std::string::npos || *label == each.substr(equals + 1);
    });
}

struct Window {
    std::optional<UnixNanos> before, since;  // both exclusive

    bool holds(const ImageRecord& image) const {
        return (!before || image.created < *before) && (!since || image.created > *since);
    }
};

Status check_keys(const Filters& filters) {
    static const Values known{"reference", "dangling", "label", "before", "since", "until"};
    for (const auto& [key, values] : filters) {
        if (!known.contains(key)) return invalid_filter(key);
    }
    return ok();
}

const Values& values_of(const Filters& filters, const char* key) {
    static const Values none;
    const auto found = filters.find(key);
    return found == filters.end() ? none : found->second;
}

}  // namespace

Result<std::vector<ImagePtr>> ImageStore::list(const Filters& filters) const {
    if (Status known = check_keys(filters); !known) return std::move(known).error();
    std::optional<bool> dangling;
    if (const Values& values = values_of(filters, "dangling"); !values.empty()) {
        Result<bool> flag = flag_of("dangling", values);
        if (!flag) return std::move(flag).error();
        dangling = *flag;
    }
    std::shared_lock lock(mutex_);
    Window window;
    for (const std::string& ref : values_of(filters, "before")) {
        Result<ImagePtr> image = find_locked(ref);
        if (!image) return std::move(image).error();
        window.before = std::min(window.before.value_or((*image)->created), (*image)->created);
    }
    for (const std::string& ref : values_of(filters, "since")) {
        Result<ImagePtr> image = find_locked(ref);
        if (!image) return std::move(image).error();
        window.since = std::max(window.since.value_or((*image)->created), (*image)->created);
    }
    for (const std::string& text : values_of(filters, "until")) {
        Result<UnixNanos> when = parse_time_or_age(text, unix_now());
        if (!when) return std::move(when).error();
        window.before = std::min(window.before.value_or(*when), *when);
    }

    const Values& patterns = values_of(filters, "reference");
    std::vector<ImagePtr> images;
    for (const auto& [id, image] : images_) {
        if (dangling && *dangling != image->tags.empty()) continue;
        if (!window.holds(*image) || !has_labels(*image, values_of(filters, "label"))) continue;
        if (patterns.empty()) {
            images.push_back(image);
            continue;
        }
        // As in Docker, the answer shows only the names that were asked for.
        ImageRecord shown = *image;
        shown.tags = matching_tags(*image, patterns);
        if (!shown.tags.empty()) images.push_back(std::make_shared<const ImageRecord>(std::move(shown)));
    }
    std::stable_sort(images.begin(), images.end(),
                     [](const ImagePtr& a, const ImagePtr& b) { return a->created > b->created; });
    return images;
}

}  // namespace slipway::core
