#include "model/inherited.hpp"

namespace slipway::core {
namespace {

using nlohmann::json;

void append(json& list, const json& more) {
    for (const json& item : more) list.push_back(item);
}

// The part before the separator: "seccomp" of "seccomp=unconfined".
std::string key_of(const json& option) {
    const auto& text = option.get_ref<const std::string&>();
    return text.substr(0, text.find_first_of("=:"));
}

bool has_key(const json& options, const std::string& key) {
    for (const json& option : options) {
        if (key_of(option) == key) return true;
    }
    return false;
}

bool forbids_new_privileges(const json& options) {
    bool forbids = false;
    for (const json& option : options) {
        if (key_of(option) != "no-new-privileges") continue;
        const auto& text = option.get_ref<const std::string&>();
        forbids = text == "no-new-privileges" || text.ends_with("true");
    }
    return forbids;
}

// no-new-privileges is never reset; profiles stay until another is named. Labels are made anew each time.
json inherited_security(const json& before, const json& next) {
    json kept = json::array();
    for (const char* key : {"apparmor", "seccomp"}) {
        if (has_key(next, key)) continue;
        for (const json& option : before) {
            if (key_of(option) == key) kept.push_back(option);
        }
    }
    if (forbids_new_privileges(before) && !forbids_new_privileges(next)) kept.push_back("no-new-privileges");
    return kept;
}

}  // namespace

json effective_host_config(const ContainerRecord& record) {
    json effective = record.host_config;
    if (record.inherited.is_array()) append(effective["SecurityOpt"], record.inherited);
    return effective;
}

json inherited_options(const ContainerRecord& record, const json& next) {
    return inherited_security(effective_host_config(record).at("SecurityOpt"), next.at("SecurityOpt"));
}

}  // namespace slipway::core
