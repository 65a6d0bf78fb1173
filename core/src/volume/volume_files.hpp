// core/src/volume/volume_files.hpp - the directories of volumes, named so that a crash at any point leaves nothing that
// cannot be told apart:
//
//   <root>/<name>/_data           a volume
//   <root>/.new-<name>/_data      being made; becomes the former once its record is stored
//   <root>/.removed-<8 hex>-<name>/...  being removed; comes back when its record is still there
#pragma once

#include <slipway/cpp/error.hpp>

#include <filesystem>
#include <set>
#include <string>
#include <vector>

namespace slipway::core {

// Docker's texts: kInvalidArgument "create <name>: ...".
Status check_volume_name(const std::string& name);

class VolumeFiles {
public:
    explicit VolumeFiles(std::filesystem::path root) : root_(std::move(root)) {}

    std::filesystem::path data_of(const std::string& name) const { return root_ / name / "_data"; }
    std::filesystem::path staged_data_of(const std::string& name) const { return staged(name) / "_data"; }

    // Makes an empty directory beside the final place, or with the content of one that has no record.
    Status stage(const std::string& name) const;
    Status settle(const std::string& name) const;
    Status drop_staged(const std::string& name) const;
    // Takes the directory away under another name, which is returned. Missing is success, with an empty path.
    Result<std::filesystem::path> set_aside(const std::string& name) const;
    Status bring_back(const std::filesystem::path& aside, const std::string& name) const;
    Status remove(const std::filesystem::path& aside) const;

    // After a start of the daemon: finishes what the records say has happened, undoes the rest, and makes the
    // directories that are missing. Nothing without one of the marks above is ever removed. What fails is returned and
    // costs the others nothing; the next start tries again. Directories of `unreadable` are left as they are: there are
    // records of these names, but nobody knows what they say.
    std::vector<Error> tidy(const std::set<std::string>& names, const std::set<std::string>& unreadable) const;

    // Bytes of the regular files below a volume, as far as they can be read.
    uint64_t size_of(const std::string& name) const;

private:
    std::filesystem::path staged(const std::string& name) const { return root_ / (".new-" + name); }
    Status tidy_entry(const std::filesystem::path& entry, const std::set<std::string>& names,
                      const std::set<std::string>& unreadable) const;

    std::filesystem::path root_;
};

}  // namespace slipway::core
