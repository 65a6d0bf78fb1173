// core/src/engine/client_stream.hpp - a client's connected socket that the engine holds for a while: until a start
// hands it to the backend, or while the log is replayed to it.
#pragma once

#include <slipway/cpp/error.hpp>

#include <cstdint>
#include <string_view>
#include <utility>

namespace slipway::core {

// Move-only owner of a duplicate.
class ClientStream {
public:
    ClientStream() = default;
    ClientStream(ClientStream&& other) noexcept : handle_(std::exchange(other.handle_, -1)) {}
    ClientStream& operator=(ClientStream&& other) noexcept;
    ~ClientStream() { close(); }

    // Duplicates a slw_os_handle, close-on-exec.
    static Result<ClientStream> duplicate(int64_t handle);

    int64_t handle() const { return handle_; }

    // Writes all of it, waiting at most 10 s for a client that does not read.
    Status write_all(std::string_view bytes) const;

    // Whether the client has closed its end altogether. A half-closed one has not.
    bool is_peer_gone() const;

    void close();

private:
    explicit ClientStream(int64_t handle) : handle_(handle) {}
    int64_t handle_ = -1;
};

}  // namespace slipway::core
