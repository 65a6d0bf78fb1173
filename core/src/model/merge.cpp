#include "model/merge.hpp"

#include "model/plain_text.hpp"
#include "model/signals.hpp"

#include <slipway/core/schema.hpp>

#include <set>
#include <string_view>

namespace slipway::core {

namespace {

using nlohmann::json;

// What Go's zero values are: null, 0, "", [] and {}.
bool is_blank(const json& value) {
    return value.is_null() || value == 0 || value == "" || (value.is_structured() && value.empty());
}

std::string name_of(const std::string& variable) {
    return variable.substr(0, variable.find('='));
}

// The request's variables keep their order; the image's follow unless the request names them, even to empty them.
void merge_env(json& env, const json& image_env) {
    std::set<std::string> named;
    for (const json& variable : env) named.insert(name_of(variable.get_ref<const std::string&>()));
    for (const json& variable : image_env) {
        if (named.insert(name_of(variable.get_ref<const std::string&>())).second) env.push_back(variable);
    }
}

void merge_objects(json& into, const json& from) {
    for (const auto& [key, value] : from.items()) {
        if (!into.contains(key)) into[key] = value;
    }
}

void merge_command(json& config, const json& image) {
    if (!is_blank(config["Entrypoint"])) return;
    if (is_blank(config["Cmd"])) {
        config["Cmd"] = image["Cmd"];
        config["ArgsEscaped"] = image["ArgsEscaped"];
    }
    // An empty list, unlike null, asks for no entrypoint at all.
    if (config["Entrypoint"].is_null()) config["Entrypoint"] = image["Entrypoint"];
}

void merge_healthcheck(json& config, const json& image) {
    json& mine = config["Healthcheck"];
    const json& theirs = image["Healthcheck"];
    if (theirs.is_null()) return;
    if (mine.is_null()) {
        mine = theirs;
        return;
    }
    for (const auto& [key, value] : theirs.items()) {
        if (is_blank(mine[key])) mine[key] = value;
    }
}

void merge_image(json& config, const json& image) {
    for (const char* key : {"User", "WorkingDir", "StopSignal"}) {
        if (is_blank(config[key])) config[key] = image[key];
    }
    for (const char* key : {"ExposedPorts", "Labels", "Volumes"}) merge_objects(config[key], image[key]);
    merge_env(config["Env"], image["Env"]);
    merge_command(config, image);
    merge_healthcheck(config, image);
}

// Entrypoint and Cmd in one list.
std::vector<std::string> command_line(const json& config) {
    std::vector<std::string> words;
    for (const char* key : {"Entrypoint", "Cmd"}) {
        for (const json& word : config[key]) words.push_back(word.get<std::string>());
    }
    return words;
}

bool has_nul(const json& list) {
    for (const json& text : list) {
        if (text.get_ref<const std::string&>().find('\0') != std::string::npos) return true;
    }
    return false;
}

Error invalid(std::string message) {
    return Error(ErrorCode::kInvalidArgument, std::move(message));
}

// They become words of /etc/hostname, /etc/hosts and the domain name, or are looked up in a file of lines.
Status check_names(const json& config) {
    for (const char* key : {"Hostname", "Domainname"}) {
        const auto& name = config.at(key).get_ref<const std::string&>();
        if (!name.empty() && !is_plain_word(name)) return invalid("invalid hostname format: '" + name + "'");
    }
    const auto& user = config.at("User").get_ref<const std::string&>();
    if (has_control_character(user)) return invalid("invalid user: '" + user + "'");
    return ok();
}

// Every list of containers and every event carries them.
Status check_labels(const json& labels) {
    constexpr size_t kMost = size_t{64} << 10, kMostTogether = size_t{1} << 20;
    size_t together = 0;
    for (const auto& [name, value] : labels.items()) {
        const size_t size = name.size() + value.get_ref<const std::string&>().size();
        if (size > kMost) return invalid("label '" + name.substr(0, 64) + "' is larger than 64 KiB");
        together += size;
    }
    return together > kMostTogether ? Status(invalid("labels are larger than 1 MiB together")) : ok();
}

}  // namespace

Result<MergedConfig> merge_config(const json& request, const json& image_config) {
    Result<json> image = normalise(config_schema(), image_config, "image configuration");
    if (!image) return std::move(image).error();

    MergedConfig merged{request, {}, {}};
    merge_image(merged.config, *image);
    json& entrypoint = merged.config["Entrypoint"];
    if (entrypoint.size() == 1 && entrypoint[0] == "") entrypoint = nullptr;

    std::vector<std::string> words = command_line(merged.config);
    if (words.empty()) return Error(ErrorCode::kInvalidArgument, "no command specified");
    merged.path = std::move(words.front());
    merged.args.assign(std::make_move_iterator(words.begin() + 1), std::make_move_iterator(words.end()));

    if (Status checked = check_config(merged.config); !checked) return std::move(checked).error();
    return merged;
}

Status check_config(const json& config) {
    const auto& directory = config.at("WorkingDir").get_ref<const std::string&>();
    if (!directory.empty() && directory.front() != '/') {
        return invalid("the working directory '" + directory + "' is invalid, it needs to be an absolute path");
    }
    const auto& signal = config.at("StopSignal").get_ref<const std::string&>();
    if (!signal.empty()) {
        if (Result<int32_t> known = parse_signal(signal); !known) return std::move(known).error();
    }
    for (const json& variable : config.at("Env")) {
        const auto& text = variable.get_ref<const std::string&>();
        if (text.empty() || text.front() == '=') return invalid("invalid environment variable: " + text);
    }
    // The kernel ends these texts at the first NUL, so the rest would be lost without a word.
    for (const char* key : {"Env", "Cmd", "Entrypoint"}) {
        if (has_nul(config.at(key))) return invalid(std::string("Config.") + key + ": a text holds a NUL character");
    }
    if (Status checked = check_names(config); !checked) return checked;
    return check_labels(config.at("Labels"));
}

}  // namespace slipway::core
