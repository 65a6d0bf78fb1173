#include "model/references.hpp"

#include "model/mount_options.hpp"
#include "model/plain_text.hpp"

namespace slipway::core {

namespace {

Error invalid(std::string message) {
    return Error(ErrorCode::kInvalidArgument, std::move(message));
}

std::string_view without_slash(std::string_view name) {
    return name.starts_with('/') ? name.substr(1) : name;
}

// Names also become parts of the names of environment variables.
bool is_link_name(std::string_view name) {
    return is_plain_word(name) && name.find_first_of("/=") == std::string_view::npos;
}

}  // namespace

std::optional<std::string> joined_container(std::string_view mode) {
    constexpr std::string_view kPrefix = "container:";
    if (!mode.starts_with(kPrefix)) return std::nullopt;
    return std::string(mode.substr(kPrefix.size()));
}

Result<LinkText> parse_link(std::string_view text) {
    if (text.empty()) return invalid("empty string specified for links");
    const Error bad = invalid("bad format for links: " + std::string(text));
    const size_t colon = text.find(':');
    std::string_view target = text.substr(0, colon);
    std::string_view alias = colon == std::string_view::npos ? target : text.substr(colon + 1);
    if (alias.find(':') != std::string_view::npos) return bad;
    if (target.starts_with('/') && colon != std::string_view::npos) {
        // "/target:/name/alias": only the last part is the alias.
        alias = alias.substr(alias.rfind('/') == std::string_view::npos ? 0 : alias.rfind('/') + 1);
    }
    target = without_slash(target);
    alias = without_slash(alias);
    if (!is_link_name(target) || !is_link_name(alias)) return bad;
    return LinkText{std::string(target), std::string(alias)};
}

Result<VolumesFromText> parse_volumes_from(std::string_view text) {
    const size_t colon = text.find(':');
    const std::string_view container = without_slash(text.substr(0, colon));
    if (container.empty()) return invalid("malformed volumes-from specification: " + std::string(text));
    VolumesFromText from{std::string(container), false};
    if (colon == std::string_view::npos) return from;
    const std::string_view mode = text.substr(colon + 1);
    const Error bad = invalid("invalid mode: " + std::string(mode));
    bool chosen = false, labelled = false;
    for (const std::string_view word : split_words(mode, ',')) {
        const bool access = word == "ro" || word == "rw";
        const bool label = word == "z" || word == "Z";
        if ((!access && !label) || (access && chosen) || (label && labelled)) return bad;
        chosen = chosen || access;
        labelled = labelled || label;
        from.read_only = from.read_only || word == "ro";
    }
    if (mode.empty()) return bad;
    return from;
}

}  // namespace slipway::core
