// plugins/windows/src/layers/tar_writer.hpp - writes a tar stream of the PAX kind, member by member.
#pragma once

#include <layers/tar_stream.hpp>

#include <slipway/base.h>

namespace slipway::windows_backend {

class TarWriter {
public:
    explicit TarWriter(slw_sink* sink) : sink_(sink) {}

    // Begins a member; as many bytes as its size says follow. What does not fit into the header becomes a record.
    //   kCancelled  the other side has had enough
    Status begin(const TarMember& member);
    Status write(const char* data, size_t size);
    // So many zeroes.
    Status write_zeroes(uint64_t size);
    // After the last member.
    Status finish();

private:
    Status send(const std::string& bytes);
    Status pad();

    slw_sink* sink_;
    uint64_t left_ = 0;  // of the member's bytes
    uint64_t size_ = 0;  // of them all
};

}  // namespace slipway::windows_backend
