#if defined(_WIN32)

#include "log/forward/receiver.hpp"

namespace slipway::core {

namespace {

class NoReceiver final : public Receiver {
public:
    bool is_open() const override { return false; }
    Status open(const GoOn&) override { return Error(ErrorCode::kUnimplemented, "logs are not forwarded on Windows"); }
    void close() override {}
    Status send(const std::vector<std::string>&, size_t& accepted, const GoOn& go_on) override {
        accepted = 0;
        return open(go_on);
    }
    uint64_t unacknowledged() const override { return 0; }
    bool has_hung_up() const override { return false; }
};

}  // namespace

std::unique_ptr<Receiver> make_receiver(ReceiverAddress, std::function<void(const std::string&)>) {
    return std::make_unique<NoReceiver>();
}

}  // namespace slipway::core

#endif
