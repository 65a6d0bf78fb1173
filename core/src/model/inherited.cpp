#include "model/inherited.hpp"

#include "model/mount_options.hpp"
#include "model/mounts.hpp"

#include <set>

namespace slipway::core {
namespace {

using nlohmann::json;

constexpr const char* kLists[] = {"Binds", "Mounts", "SecurityOpt"};

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

// Target of one entry of Binds or Mounts.
Result<std::string> target_of(const json& entry) {
    if (entry.is_object()) return clean_path(entry.at("Target").get_ref<const std::string&>());
    Result<MountSpec> spec = parse_bind(entry.get_ref<const std::string&>());
    if (!spec) return std::move(spec).error();
    return std::move(spec->params.target);
}

Result<json> not_covered(const json& entries, const std::set<std::string>& covered) {
    json kept = json::array();
    for (const json& entry : entries) {
        Result<std::string> target = target_of(entry);
        if (!target) return std::move(target).error();
        if (!covered.contains(*target)) kept.push_back(entry);
    }
    return kept;
}

}  // namespace

json effective_host_config(const ContainerRecord& record) {
    json effective = record.host_config;
    if (!record.inherited.is_object()) return effective;
    for (const char* key : kLists) append(effective[key], record.inherited.value(key, json::array()));
    return effective;
}

Result<json> inherit(const ContainerRecord& record, const json& next) {
    const json before = effective_host_config(record);
    Result<std::vector<MountSpec>> wanted = wanted_mounts(next);
    if (!wanted) return std::move(wanted).error();
    std::set<std::string> covered;
    for (const MountSpec& spec : *wanted) covered.insert(spec.params.target);

    json inherited = json::object();
    for (const char* key : {"Binds", "Mounts"}) {
        Result<json> kept = not_covered(before.at(key), covered);
        if (!kept) return std::move(kept).error();
        inherited[key] = std::move(*kept);
    }
    inherited["SecurityOpt"] = inherited_security(before.at("SecurityOpt"), next.at("SecurityOpt"));
    return inherited;
}

}  // namespace slipway::core
