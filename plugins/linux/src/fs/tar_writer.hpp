// plugins/linux/src/fs/tar_writer.hpp - writes an uncompressed tar stream member by member. Opens nothing.
#pragma once

#include <slipway/base.h>
#include <fs/member.hpp>
#include <slipway/cpp/error.hpp>

#include <functional>
#include <memory>
#include <string>

struct archive;

namespace slipway::linux_backend {

// The pax format: names of any length and bytes, sizes of any range, extended attributes. One thread, one pass.
class TarWriter {
public:
    // `check` runs for every piece of data and ends the writing when it fails.
    TarWriter(slw_sink* sink, std::function<Status()> check);
    TarWriter(const TarWriter&) = delete;
    TarWriter& operator=(const TarWriter&) = delete;
    ~TarWriter();

    // A member without data. Its path may begin with a slash; a directory's gets one at its end.
    Status add(const Member& member);
    // A file with `member.size` bytes read from `fd`. One that has become shorter is filled up with zeros, one that has
    // grown is cut: the size has been told by then.
    Status add_file(const Member& member, int fd);
    // The end mark. Without it the stream counts as cut.
    Status finish();

private:
    struct Output;  // what the write callback works on

    Status open();
    Status begin(const Member& member);
    Error failed(const std::string& name) const;

    std::unique_ptr<Output> output_;
    archive* archive_ = nullptr;
    bool opened_ = false;
    std::string buffer_;
};

}  // namespace slipway::linux_backend
