// core/src/log/forward/receiver.hpp - the other end of a forwarded log: a socket that takes messages.
#pragma once

#include <slipway/cpp/error.hpp>

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace slipway::core {

struct ReceiverAddress {
    enum class Kind {
        kUdp,
        kTcp,
        kUnixDatagram,
        kUnixStream,
        kLocalSyslog,  // /dev/log and its relatives, whichever kind of socket they are
    };
    Kind kind = Kind::kLocalSyslog;
    std::string host, port;  // kUdp, kTcp
    std::string path;        // kUnixDatagram, kUnixStream
};

// Asked every 50 ms or so while something waits; false gives up.
using GoOn = std::function<bool()>;

// Used by one thread. Everything that waits asks a GoOn and fails with kCancelled when told to give up.
class Receiver {
public:
    virtual ~Receiver() = default;

    virtual bool is_open() const = 0;
    // One attempt, of at most some seconds.
    virtual Status open(const GoOn& go_on) = 0;
    virtual void close() = 0;

    // Hands over whole messages in order; `accepted` counts them, also on failure, after which it is closed. A stream
    // may have taken over fewer than were accepted.
    virtual Status send(const std::vector<std::string>& messages, size_t& accepted, const GoOn& go_on) = 0;

    // Of the bytes accepted since open(), those at the end that the other side has not taken over: the largest number
    // for a stream that is closed, 0 for datagrams, which nobody acknowledges.
    virtual uint64_t unacknowledged() const = 0;
    // The other side has closed the connection: what is sent now is lost without an error.
    virtual bool has_hung_up() const = 0;
};

// A message too long for a datagram is dropped and counts as accepted; `dropped` is told why.
std::unique_ptr<Receiver> make_receiver(ReceiverAddress address, std::function<void(const std::string&)> dropped);

}  // namespace slipway::core
