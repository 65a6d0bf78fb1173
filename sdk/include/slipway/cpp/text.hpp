// sdk/include/slipway/cpp/text.hpp - slw_text, slw_sink and slw_source for C++ code.
#pragma once

#include <slipway/cpp/error.hpp>

#include <functional>
#include <string>
#include <string_view>

namespace slipway {

// Borrows `text`; the caller keeps it alive for the call.
inline slw_text text_of(std::string_view text) {
    return {text.data(), text.size()};
}

inline std::string_view view_of(slw_text text) {
    return text.size == 0 ? std::string_view() : std::string_view(text.data, static_cast<size_t>(text.size));
}

// A sink that appends to a string and refuses more than `limit` bytes.
class StringSink {
public:
    explicit StringSink(size_t limit = size_t{16} << 20) : limit_(limit) {
        sink_ = {static_cast<uint32_t>(sizeof(slw_sink)), 0, this, &StringSink::append};
    }
    StringSink(const StringSink&) = delete;
    StringSink& operator=(const StringSink&) = delete;

    slw_sink* get() { return &sink_; }
    std::string take() { return std::move(text_); }
    // True once more than the limit was offered; the writer was told to stop then.
    bool overflowed() const { return overflowed_; }

private:
    static int32_t SLW_CALL append(void* ctx, const void* data, uint64_t size) noexcept {
        auto* self = static_cast<StringSink*>(ctx);
        try {
            if (size > self->limit_ - self->text_.size()) {
                self->overflowed_ = true;
                return 1;
            }
            if (size == 0) return 0;
            self->text_.append(static_cast<const char*>(data), static_cast<size_t>(size));
            return 0;
        } catch (...) {
            return 1;
        }
    }

    slw_sink sink_{};
    size_t limit_;
    bool overflowed_ = false;
    std::string text_;
};

// A sink over a function `bool(const void* data, uint64_t size)` that answers false to stop the writer.
class FunctionSink {
public:
    using Write = std::function<bool(const void*, uint64_t)>;
    explicit FunctionSink(Write write) : write_(std::move(write)) {
        sink_ = {static_cast<uint32_t>(sizeof(slw_sink)), 0, this, &FunctionSink::call};
    }
    FunctionSink(const FunctionSink&) = delete;
    FunctionSink& operator=(const FunctionSink&) = delete;

    slw_sink* get() { return &sink_; }

private:
    static int32_t SLW_CALL call(void* ctx, const void* data, uint64_t size) noexcept {
        try {
            return static_cast<FunctionSink*>(ctx)->write_(data, size) ? 0 : 1;
        } catch (...) {
            return 1;
        }
    }

    slw_sink sink_{};
    Write write_;
};

// Writes all of `text` to the other side's sink.
inline Status write_to(slw_sink* out, std::string_view text) {
    if (out == nullptr || out->write == nullptr) return Error(ErrorCode::kInvalidArgument, "no sink given");
    if (out->write(out->ctx, text.data(), text.size()) != 0) {
        return Error(ErrorCode::kCancelled, "the receiver stopped reading");
    }
    return ok();
}

// A source over a function `int64_t(void* buffer, uint64_t capacity)` that follows slw_source.read's contract.
class FunctionSource {
public:
    using Read = std::function<int64_t(void*, uint64_t)>;
    explicit FunctionSource(Read read) : read_(std::move(read)) {
        source_ = {static_cast<uint32_t>(sizeof(slw_source)), 0, this, &FunctionSource::call};
    }
    FunctionSource(const FunctionSource&) = delete;
    FunctionSource& operator=(const FunctionSource&) = delete;

    const slw_source* get() const { return &source_; }

private:
    static int64_t SLW_CALL call(void* ctx, void* buffer, uint64_t capacity) noexcept {
        try {
            return static_cast<FunctionSource*>(ctx)->read_(buffer, capacity);
        } catch (...) {
            return -1;
        }
    }

    slw_source source_{};
    Read read_;
};

}  // namespace slipway
