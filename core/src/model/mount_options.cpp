#include "model/mount_options.hpp"

#include "model/size_text.hpp"

#include <slipway/mount.h>

#include <algorithm>
#include <array>
#include <charconv>

namespace slipway::core {

namespace {

// Which question of a bind a word answers: each may be answered once.
enum class Topic { kAccess, kLabel, kPropagation, kCopy, kConsistency, kUnknown };

Topic topic_of(std::string_view word) {
    if (word == "ro" || word == "rw") return Topic::kAccess;
    if (word == "z" || word == "Z") return Topic::kLabel;
    if (is_propagation(word)) return Topic::kPropagation;
    if (word == "nocopy") return Topic::kCopy;
    if (word == "consistent" || word == "cached" || word == "delegated" || word == "default") {
        return Topic::kConsistency;
    }
    return Topic::kUnknown;
}

struct FlagWord {
    std::string_view word;
    uint32_t flag;
    bool set;
};

constexpr std::array<FlagWord, 8> kTmpfsFlags{{{"ro", SLW_MOUNT_READ_ONLY, true},
                                               {"rw", SLW_MOUNT_READ_ONLY, false},
                                               {"noexec", SLW_MOUNT_NO_EXEC, true},
                                               {"exec", SLW_MOUNT_NO_EXEC, false},
                                               {"nosuid", SLW_MOUNT_NO_SUID, true},
                                               {"suid", SLW_MOUNT_NO_SUID, false},
                                               {"nodev", SLW_MOUNT_NO_DEV, true},
                                               {"dev", SLW_MOUNT_NO_DEV, false}}};

Error bad_tmpfs_option(std::string_view word) {
    return Error(ErrorCode::kInvalidArgument, "invalid tmpfs option [\"" + std::string(word) + "\"]");
}

Status apply_tmpfs_word(std::string_view word, MountParams& params) {
    for (const FlagWord& known : kTmpfsFlags) {
        if (word != known.word) continue;
        params.flags = known.set ? params.flags | known.flag : params.flags & ~known.flag;
        return ok();
    }
    if (is_propagation(word)) {
        params.propagation = std::string(word);
        return ok();
    }
    const std::string_view value = word.substr(std::min(word.size(), word.find('=') + 1));
    if (word.starts_with("size=")) {
        Result<uint64_t> size = parse_size(value);
        if (!size) return bad_tmpfs_option(word);
        params.limit_bytes = *size;
        return ok();
    }
    if (word.starts_with("mode=")) {
        const auto [end, failed] = std::from_chars(value.data(), value.data() + value.size(), params.mode, 8);
        if (failed != std::errc() || end != value.data() + value.size() || params.mode > 07777) {
            return bad_tmpfs_option(word);
        }
        return ok();
    }
    for (const std::string_view known : {"uid=", "gid=", "nr_inodes=", "nr_blocks=", "mpol="}) {
        if (!word.starts_with(known)) continue;
        return Error(ErrorCode::kUnimplemented, "the tmpfs option " + std::string(known.substr(0, known.size() - 1)) +
                                                    " is not implemented yet (HostConfig.Tmpfs)");
    }
    return bad_tmpfs_option(word);
}

}  // namespace

std::vector<std::string_view> split_words(std::string_view text, char separator) {
    std::vector<std::string_view> words;
    while (!text.empty()) {
        const size_t end = text.find(separator);
        words.push_back(text.substr(0, end));
        if (end == std::string_view::npos) break;
        text.remove_prefix(end + 1);
        if (text.empty()) words.push_back(text);
    }
    return words;
}

std::string clean_path(std::string_view path) {
    std::vector<std::string_view> kept;
    for (const std::string_view part : split_words(path, '/')) {
        if (part.empty() || part == ".") continue;
        if (part != "..") {
            kept.push_back(part);
        } else if (!kept.empty()) {
            kept.pop_back();
        }
    }
    std::string clean;
    for (const std::string_view part : kept) {
        clean += '/';
        clean += part;
    }
    return clean.empty() ? "/" : clean;
}

bool is_propagation(std::string_view word) {
    static constexpr std::array<std::string_view, 6> kModes{"private", "rprivate", "shared",
                                                            "rshared", "slave",    "rslave"};
    return std::find(kModes.begin(), kModes.end(), word) != kModes.end();
}

Status apply_bind_mode(std::string_view mode, MountParams& params) {
    std::vector<Topic> seen;
    for (const std::string_view word : split_words(mode)) {
        const Topic topic = topic_of(word);
        if (topic == Topic::kUnknown || std::find(seen.begin(), seen.end(), topic) != seen.end()) {
            return Error(ErrorCode::kInvalidArgument, "invalid mode: " + std::string(mode));
        }
        seen.push_back(topic);
        // Since API 1.44 read-only means everything below the source as well.
        if (word == "ro") params.flags |= SLW_MOUNT_READ_ONLY | SLW_MOUNT_RECURSIVE_READ_ONLY;
        if (topic == Topic::kPropagation) params.propagation = std::string(word);
    }
    return ok();
}

Status apply_tmpfs_options(std::string_view options, MountParams& params) {
    params.flags |= SLW_MOUNT_NO_EXEC | SLW_MOUNT_NO_SUID | SLW_MOUNT_NO_DEV;
    for (const std::string_view word : split_words(options)) {
        if (word.empty()) continue;
        if (Status applied = apply_tmpfs_word(word, params); !applied) return applied;
    }
    return ok();
}

}  // namespace slipway::core
