#include "log/compress/compressed_log.hpp"

#include <Poco/Exception.h>
#include <Poco/InflatingStream.h>
#include <Poco/UUIDGenerator.h>

#include <algorithm>
#include <cstring>
#include <vector>

namespace slipway::core {

namespace {

constexpr size_t kHeadBytes = size_t{64} << 10;
constexpr size_t kChunk = size_t{256} << 10;

}  // namespace

CompressedLog::CompressedLog(std::unique_ptr<std::istream> file, const std::filesystem::path& path)
    : file_(std::move(file)), directory_(path.parent_path()) {
    rewind();
    head_.resize(kHeadBytes);
    head_.resize(inflate(head_.data(), head_.size()));
}

CompressedLog::~CompressedLog() = default;

void CompressedLog::rewind() {
    text_.reset();
    file_->clear();
    file_->seekg(0);
    text_ = std::make_unique<Poco::InflatingInputStream>(*file_, Poco::InflatingStreamBuf::STREAM_GZIP);
    position_ = 0;
    is_at_end_ = false;
}

// As much as there is; less than `size` only at the end.
size_t CompressedLog::inflate(char* to, size_t size) {
    if (is_at_end_) return 0;
    size_t got = 0;
    try {
        text_->read(to, static_cast<std::streamsize>(size));
        got = static_cast<size_t>(std::max<std::streamsize>(text_->gcount(), 0));
        if (text_->bad()) is_damaged_ = true;
    } catch (const Poco::Exception&) {
        is_damaged_ = true;
    }
    if (got < size) is_at_end_ = true;
    position_ += got;
    return got;
}

void CompressedLog::expand() {
    if (expanded_.is_open()) return;
    const auto path = directory_ / (".expanded-" + Poco::UUIDGenerator::defaultGenerator().createOne().toString());
    constexpr auto kMode = std::ios::binary | std::ios::in | std::ios::out | std::ios::trunc;
    expanded_.open(path, kMode);
    std::error_code stays;
    std::filesystem::remove(path, stays);  // open files need no name
    rewind();
    std::vector<char> chunk(kChunk);
    while (const size_t got = inflate(chunk.data(), chunk.size())) {
        if (!expanded_.write(chunk.data(), static_cast<std::streamsize>(got))) break;
        size_ += got;
    }
    // A full disk: what fits is read.
    if (!expanded_.flush()) is_damaged_ = true;
    text_.reset();
}

size_t CompressedLog::read_at(uint64_t offset, char* to, size_t size) {
    if (offset + size <= head_.size() || (offset <= head_.size() && head_.size() < kHeadBytes)) {
        const size_t got = std::min<size_t>(size, head_.size() - static_cast<size_t>(offset));
        std::memcpy(to, head_.data() + offset, got);
        return got;
    }
    // From within the beginning onwards: that part first.
    if (!expanded_.is_open() && offset < head_.size() && position_ == head_.size()) {
        const size_t part = head_.size() - static_cast<size_t>(offset);
        std::memcpy(to, head_.data() + offset, part);
        return part + inflate(to + part, size - part);
    }
    if (!expanded_.is_open() && offset == position_) return inflate(to, size);
    expand();
    if (offset >= size_) return 0;
    expanded_.clear();
    expanded_.seekg(static_cast<std::streamoff>(offset));
    expanded_.read(to, static_cast<std::streamsize>(std::min<uint64_t>(size, size_ - offset)));
    return static_cast<size_t>(std::max<std::streamsize>(expanded_.gcount(), 0));
}

uint64_t CompressedLog::size() {
    if (expanded_.is_open()) return size_;
    if (is_at_end_) return position_;
    expand();
    return size_;
}

}  // namespace slipway::core
