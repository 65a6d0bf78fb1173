// cli/src/copy/tar_stream.hpp - files of this machine as a tar, and the other way round.
#pragma once

#include "copy/copy_plan.hpp"

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <istream>
#include <ostream>
#include <string>

namespace slipway::cli {

// Writes `path`, with all that is below it, as members that begin with `name`. Links are written as links, owners as
// numbers. Sockets are left out. Returns the bytes written; throws CommandError.
uint64_t write_tar(const std::filesystem::path& path, const std::string& name, std::ostream& out);

// Unpacks `in` in the plan's directory. A container chose what is in there: members that lead out of that directory, by
// their name or through a link that is there or was just unpacked, end it. Owners are not restored, as with docker.
// Returns the bytes read; throws CommandError.
uint64_t unpack_tar(std::istream& in, const CopyPlan& plan);

}  // namespace slipway::cli
