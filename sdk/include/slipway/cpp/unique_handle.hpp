// sdk/include/slipway/cpp/unique_handle.hpp - the one place that carries the move rules of owned OS handles.
#pragma once

#include <utility>

namespace slipway {

// Owns a value that must be given back. Traits supplies `Type`, `static Type none()` and
// `static void close(Type) noexcept`. Moved-from and default-built handles hold none().
template <class Traits>
class UniqueHandle {
public:
    using Type = typename Traits::Type;

    UniqueHandle() = default;
    explicit UniqueHandle(Type value) : value_(value) {}
    UniqueHandle(UniqueHandle&& other) noexcept : value_(other.release()) {}
    UniqueHandle& operator=(UniqueHandle&& other) noexcept {
        if (this != &other) reset(other.release());
        return *this;
    }
    UniqueHandle(const UniqueHandle&) = delete;
    UniqueHandle& operator=(const UniqueHandle&) = delete;
    ~UniqueHandle() { reset(); }

    Type get() const { return value_; }
    explicit operator bool() const { return value_ != Traits::none(); }

    // Gives ownership to the caller.
    [[nodiscard]] Type release() { return std::exchange(value_, Traits::none()); }

    void reset(Type value = Traits::none()) {
        const Type old = std::exchange(value_, value);
        if (old != Traits::none()) Traits::close(old);
    }

private:
    Type value_ = Traits::none();
};

}  // namespace slipway
