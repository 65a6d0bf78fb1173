#include "image/changes.hpp"

#include "model/mount_options.hpp"
#include "model/ports.hpp"
#include "model/signals.hpp"

#include <algorithm>
#include <array>
#include <string_view>

namespace slipway::core {

namespace {

using nlohmann::json;

constexpr std::string_view kSpaces = " \t\r\n";

Error invalid(std::string message) {
    return Error(ErrorCode::kInvalidArgument, std::move(message));
}

std::string_view trim(std::string_view text) {
    const size_t first = text.find_first_not_of(kSpaces);
    if (first == std::string_view::npos) return {};
    return text.substr(first, text.find_last_not_of(kSpaces) - first + 1);
}

// Words with '...' and "..." and backslashes as in a Dockerfile; quotes are taken away.
Result<std::vector<std::string>> split_quoted(std::string_view text) {
    std::vector<std::string> words;
    std::string word;
    bool inside = false;
    char quote = '\0';
    for (size_t i = 0; i < text.size(); ++i) {
        const char c = text[i];
        if (c == '\\' && quote != '\'' && i + 1 < text.size()) {
            word += text[++i];
            inside = true;
        } else if (quote != '\0') {
            if (c == quote)
                quote = '\0';
            else
                word += c;
        } else if (c == '"' || c == '\'') {
            quote = c;
            inside = true;
        } else if (kSpaces.find(c) != std::string_view::npos) {
            if (inside) words.push_back(std::move(word));
            word.clear();
            inside = false;
        } else {
            word += c;
            inside = true;
        }
    }
    if (quote != '\0') return invalid("a quote is not closed");
    if (inside) words.push_back(std::move(word));
    return words;
}

// '["a", "b"]' when it is a JSON list of strings.
bool json_words(std::string_view text, std::vector<std::string>& out) {
    const json list = json::parse(text, nullptr, false);
    if (!list.is_array()) return false;
    const bool strings = std::all_of(list.begin(), list.end(), [](const json& word) { return word.is_string(); });
    if (strings) list.get_to(out);
    return strings;
}

// "a=b c=d" or the old "a some words".
Result<std::vector<std::pair<std::string, std::string>>> pairs(std::string_view text) {
    std::vector<std::pair<std::string, std::string>> out;
    const std::string_view first = text.substr(0, text.find_first_of(kSpaces));
    if (first.find('=') == std::string_view::npos) {
        if (first.size() == text.size()) return invalid("must have two arguments");
        out.emplace_back(std::string(first), std::string(trim(text.substr(first.size()))));
        return out;
    }
    Result<std::vector<std::string>> words = split_quoted(text);
    if (!words) return std::move(words).error();
    for (const std::string& word : *words) {
        const size_t equals = word.find('=');
        if (equals == std::string::npos || equals == 0) return invalid("'" + word + "' is not of the form name=value");
        out.emplace_back(word.substr(0, equals), word.substr(equals + 1));
    }
    return out;
}

Status change_command(json& config, const char* key, std::string_view text) {
    std::vector<std::string> words;
    if (!json_words(text, words)) words = {"/bin/sh", "-c", std::string(text)};
    config[key] = words;
    return ok();
}

Status change_env(json& config, std::string_view text) {
    auto variables = pairs(text);
    if (!variables) return std::move(variables).error();
    json& env = config["Env"];
    if (!env.is_array()) env = json::array();
    for (const auto& [name, value] : *variables) {
        const std::string prefix = name + "=";
        const auto old = std::find_if(env.begin(), env.end(), [&](const json& each) {
            return each.get_ref<const std::string&>().starts_with(prefix);
        });
        if (old != env.end())
            *old = prefix + value;
        else
            env.push_back(prefix + value);
    }
    return ok();
}

Status change_labels(json& config, std::string_view text) {
    auto labels = pairs(text);
    if (!labels) return std::move(labels).error();
    for (const auto& [name, value] : *labels) config["Labels"][name] = value;
    return ok();
}

Status change_ports(json& config, std::string_view text) {
    Result<std::vector<std::string>> words = split_quoted(text);
    if (!words) return std::move(words).error();
    for (const std::string& word : *words) {
        Result<ContainerPort> port = parse_container_port(word);
        if (!port) return std::move(port).error();
        config["ExposedPorts"][port->key()] = json::object();
    }
    return ok();
}

Status change_volumes(json& config, std::string_view text) {
    std::vector<std::string> words;
    if (!json_words(text, words)) {
        Result<std::vector<std::string>> split = split_quoted(text);
        if (!split) return std::move(split).error();
        words = std::move(*split);
    }
    for (const std::string& word : words) {
        if (word.empty()) return invalid("a volume cannot be an empty string");
        config["Volumes"][word] = json::object();
    }
    return ok();
}

Status change_directory(json& config, std::string_view text) {
    const std::string before = config.value("WorkingDir", "/");
    config["WorkingDir"] = clean_path(text.front() == '/' ? std::string(text) : before + "/" + std::string(text));
    return ok();
}

Status change_signal(json& config, std::string_view text) {
    if (Result<int32_t> known = parse_signal(text); !known) return std::move(known).error();
    config["StopSignal"] = std::string(text);
    return ok();
}

struct Instruction {
    std::string_view name;
    Status (*apply)(json& config, std::string_view text);
};

constexpr std::array<Instruction, 9> kInstructions{{
    {"CMD", [](json& config, std::string_view text) { return change_command(config, "Cmd", text); }},
    {"ENTRYPOINT", [](json& config, std::string_view text) { return change_command(config, "Entrypoint", text); }},
    {"ENV", change_env},
    {"EXPOSE", change_ports},
    {"LABEL", change_labels},
    {"STOPSIGNAL", change_signal},
    {"USER",
     [](json& config, std::string_view text) -> Status {
         config["User"] = std::string(text);
         return ok();
     }},
    {"VOLUME", change_volumes},
    {"WORKDIR", change_directory},
}};

Status apply_change(json& config, std::string_view change) {
    const size_t space = change.find_first_of(kSpaces);
    std::string name(change.substr(0, std::min<size_t>(space, 64)));
    std::transform(name.begin(), name.end(), name.begin(),
                   [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c; });
    const auto known = std::find_if(kInstructions.begin(), kInstructions.end(),
                                    [&](const Instruction& each) { return each.name == name; });
    if (known == kInstructions.end()) return invalid(name + " is not a valid change command");
    const std::string_view text = space == std::string_view::npos ? std::string_view() : trim(change.substr(space));
    if (text.empty()) return invalid(name + " requires at least one argument");
    Status applied = known->apply(config, text);
    if (!applied) return std::move(applied).error().context(name);
    return applied;
}

}  // namespace

Status apply_changes(json& config, const std::vector<std::string>& changes) {
    for (const std::string& change : changes) {
        const std::string_view text = trim(change);
        if (text.empty() || text.front() == '#') continue;
        if (Status applied = apply_change(config, text); !applied) return applied;
    }
    return ok();
}

}  // namespace slipway::core
