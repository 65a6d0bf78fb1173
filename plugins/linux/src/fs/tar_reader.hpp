// plugins/linux/src/fs/tar_reader.hpp - reads an uncompressed tar stream member by member. Writes nothing by name.
#pragma once

#include <slipway/base.h>
#include <fs/member.hpp>
#include <slipway/cpp/error.hpp>

#include <functional>
#include <memory>
#include <optional>
#include <string>

struct archive;
struct archive_entry;

namespace slipway::linux_backend {

// libarchive parses ustar, pax and GNU headers and sparse maps; everything it says is checked here before it is
// believed. One thread, one pass.
class TarReader {
public:
    // `check` runs for every piece read from `source` and ends the reading when it fails.
    TarReader(const slw_source* source, const ImportLimits& limits, std::function<Status()> check);
    TarReader(const TarReader&) = delete;
    TarReader& operator=(const TarReader&) = delete;
    ~TarReader();

    // The next member, or nothing at the end of the archive. An archive that stops without its end mark, which is how a
    // stream cut between two members looks, is kInvalidArgument.
    Result<std::optional<Member>> next();

    // Writes the data of the member next() returned to `fd`, holes as holes, and sets the length.
    Status copy_data(int fd, const Member& member);

private:
    struct Input;  // what the read callback works on

    Result<Member> describe(archive_entry* entry) const;
    Status finish();
    Error failed(const std::string& operation) const;

    const ImportLimits limits_;
    std::unique_ptr<Input> input_;
    archive* archive_ = nullptr;
    bool opened_ = false;
    std::string current_;  // the member being read, for messages
};

}  // namespace slipway::linux_backend
