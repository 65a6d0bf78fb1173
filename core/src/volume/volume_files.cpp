#include "volume/volume_files.hpp"

#include "names/identity.hpp"
#include "sys/tree.hpp"

#include <algorithm>
#include <system_error>
#include <vector>

namespace slipway::core {

namespace {

namespace fs = std::filesystem;

constexpr std::string_view kNew = ".new-", kRemoved = ".removed-";
constexpr size_t kHexDigits = 8;
// A file name has 255 bytes; the longest mark takes 18 of them.
constexpr size_t kLongestName = 255 - 18;

bool is_alphanumeric(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

Status failed(const std::error_code& error, const char* what, const fs::path& path) {
    if (!error) return ok();
    return Error::from_code(error, std::string(what) + " '" + path.string() + "'")
        .with_operation(what)
        .with_resource(path.string());
}

Status make_directory(const fs::path& path, fs::perms mode) {
    std::error_code error;
    fs::create_directories(path, error);
    if (!error) fs::permissions(path, mode, error);
    return failed(error, "mkdir", path);
}

// Users of a container may walk through to the content; only root lists what there is.
constexpr fs::perms kOuter = fs::perms::owner_all | fs::perms::others_exec;
constexpr fs::perms kData = fs::perms::owner_all | fs::perms::group_read | fs::perms::group_exec |
                            fs::perms::others_read | fs::perms::others_exec;

Status move(const fs::path& from, const fs::path& to) {
    std::error_code error;
    fs::rename(from, to, error);
    return failed(error, "rename", from);
}

}  // namespace

Status check_volume_name(const std::string& name) {
    const auto invalid = [&](const std::string& why) {
        return Error(ErrorCode::kInvalidArgument, "create " + name + ": " + why).with_resource(name);
    };
    if (name.size() == 1)
        return invalid("volume name is too short, names should be at least two alphanumeric characters");
    const bool good = !name.empty() && is_alphanumeric(name.front()) &&
                      std::all_of(name.begin(), name.end(),
                                  [](char c) { return is_alphanumeric(c) || c == '_' || c == '.' || c == '-'; });
    if (!good) {
        return invalid("\"" + name +
                       "\" includes invalid characters for a local volume name, only \"[a-zA-Z0-9][a-zA-Z0-9_.-]\" are "
                       "allowed. If you intended to pass a host directory, use absolute path");
    }
    if (name.size() > kLongestName) return invalid("volume name is too long");
    return ok();
}

Status VolumeFiles::stage(const std::string& name) const {
    if (Status made = make_directory(root_, kOuter); !made) return made;
    if (Status made = make_directory(staged(name), kOuter); !made) return made;
    Status made = make_directory(staged_data_of(name), kData);
    if (!made) (void)drop_staged(name);
    return made;
}

Status VolumeFiles::settle(const std::string& name) const {
    std::error_code error;
    // Somebody put a directory there without a record: what is in it belongs to the volume.
    if (fs::exists(root_ / name, error)) {
        if (Status dropped = drop_staged(name); !dropped) return dropped;
        return make_directory(data_of(name), kData);
    }
    return move(staged(name), root_ / name);
}

Status VolumeFiles::drop_staged(const std::string& name) const {
    return remove(staged(name));
}

Result<fs::path> VolumeFiles::set_aside(const std::string& name) const {
    std::error_code error;
    if (!fs::exists(root_ / name, error)) return fs::path();
    const fs::path aside = root_ / (std::string(kRemoved) + generate_id().substr(0, kHexDigits) + "-" + name);
    if (Status moved = move(root_ / name, aside); !moved) return std::move(moved).error();
    return aside;
}

Status VolumeFiles::bring_back(const fs::path& aside, const std::string& name) const {
    return aside.empty() ? ok() : move(aside, root_ / name);
}

Status VolumeFiles::remove(const fs::path& aside) const {
    if (aside.empty()) return ok();
    return failed(remove_tree(aside), "remove", aside);
}

Status VolumeFiles::tidy_entry(const fs::path& entry, const std::set<std::string>& names,
                               const std::set<std::string>& unreadable) const {
    const std::string file = entry.filename().string();
    std::error_code error;
    if (file.starts_with(kNew)) {
        const std::string name = file.substr(kNew.size());
        if (unreadable.contains(name)) return ok();
        return names.contains(name) ? settle(name) : remove(entry);
    }
    if (!file.starts_with(kRemoved) || file.size() <= kRemoved.size() + kHexDigits + 1) return ok();
    const std::string name = file.substr(kRemoved.size() + kHexDigits + 1);
    if (unreadable.contains(name)) return ok();
    const bool comes_back = names.contains(name) && !fs::exists(root_ / name, error);
    return comes_back ? bring_back(entry, name) : remove(entry);
}

std::vector<Error> VolumeFiles::tidy(const std::set<std::string>& names,
                                     const std::set<std::string>& unreadable) const {
    std::vector<Error> failures;
    const auto note = [&](Status status) {
        if (!status) failures.push_back(std::move(status).error());
    };
    std::error_code error;
    std::vector<fs::path> entries;
    for (const auto& entry : fs::directory_iterator(root_, error)) entries.push_back(entry.path());
    for (const fs::path& entry : entries) note(tidy_entry(entry, names, unreadable));
    for (const std::string& name : names) {
        if (fs::exists(data_of(name), error)) continue;
        Status made = make_directory(root_, kOuter);
        if (made) made = make_directory(root_ / name, kOuter);
        if (made) made = make_directory(data_of(name), kData);
        note(std::move(made));
    }
    return failures;
}

uint64_t VolumeFiles::size_of(const std::string& name) const {
    return tree_size(data_of(name));
}

}  // namespace slipway::core
