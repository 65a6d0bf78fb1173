#include <slipway/core/events.hpp>

#include <algorithm>
#include <array>

namespace slipway::core {

namespace {

using Values = std::set<std::string>;

std::string attribute(const Event& event, const char* key) {
    const auto found = event.attributes.find(key);
    return found == event.attributes.end() ? std::string() : found->second;
}

// Whole or beginning: clients give short ids.
bool is_prefix_of(const Values& values, const std::string& text) {
    return std::any_of(values.begin(), values.end(), [&](const std::string& value) { return text.starts_with(value); });
}

bool match_actor(const Values& values, const Event& event) {
    return is_prefix_of(values, event.actor_id) || is_prefix_of(values, attribute(event, "name"));
}

std::string without_tag(const std::string& reference) {
    const size_t colon = reference.rfind(':');
    const size_t slash = reference.rfind('/');
    const bool has_tag = colon != std::string::npos && (slash == std::string::npos || colon > slash);
    return has_tag ? reference.substr(0, colon) : reference;
}

// An image's own events and those of containers made from it.
bool match_image(const Values& values, const Event& event) {
    const std::string name = attribute(event, event.type == "image" ? "name" : "image");
    return values.contains(event.actor_id) || values.contains(name) || values.contains(without_tag(name));
}

// "health_status" also stands for "health_status: healthy".
bool match_action(const Values& values, const Event& event) {
    return values.contains(event.action) || values.contains(event.action.substr(0, event.action.find(':')));
}

// All of them, unlike other keys, as in Docker.
bool match_labels(const Values& values, const Event& event) {
    return std::all_of(values.begin(), values.end(), [&](const std::string& wanted) {
        const size_t equals = wanted.find('=');
        const auto found = event.attributes.find(wanted.substr(0, equals));
        if (found == event.attributes.end()) return false;
        return equals == std::string::npos || found->second == wanted.substr(equals + 1);
    });
}

bool match_type(const Values& values, const Event& event) {
    return values.contains(event.type);
}

bool match_scope(const Values& values, const Event&) {
    return values.contains("local");
}

struct Rule {
    const char* key;
    bool (*match)(const Values& values, const Event& event);
};

constexpr std::array<Rule, 10> kRules{{{"type", match_type},
                                       {"event", match_action},
                                       {"container", match_actor},
                                       {"network", match_actor},
                                       {"volume", match_actor},
                                       {"daemon", match_actor},
                                       {"plugin", match_actor},
                                       {"image", match_image},
                                       {"label", match_labels},
                                       {"scope", match_scope}}};

}  // namespace

bool matches(const Filters& filters, const Event& event) {
    return std::all_of(filters.begin(), filters.end(), [&](const auto& filter) {
        const auto& [key, values] = filter;
        if (values.empty()) return true;
        const auto rule = std::find_if(kRules.begin(), kRules.end(), [&](const Rule& each) { return key == each.key; });
        return rule == kRules.end() || rule->match(values, event);
    });
}

}  // namespace slipway::core
