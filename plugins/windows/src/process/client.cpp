#include <process/client.hpp>

#include <slipway/cpp/text.hpp>

namespace slipway::windows_backend {

Result<std::shared_ptr<Client>> Client::open(const slw_attach_request& request, bool tty, InputTarget input) {
    constexpr uint32_t kKnown =
        SLW_ATTACH_STDIN | SLW_ATTACH_STDOUT | SLW_ATTACH_STDERR | SLW_ATTACH_MULTIPLEXED | SLW_ATTACH_REPLY_FIRST;
    if ((request.flags & ~kKnown) != 0) return Error(ErrorCode::kInvalidArgument, "attach: unknown flag");
    if (tty && (request.flags & SLW_ATTACH_MULTIPLEXED) != 0) {
        return Error(ErrorCode::kInvalidArgument, "attach: a terminal's output is never multiplexed");
    }
    Result<std::unique_ptr<Stream>> stream = Stream::duplicate(request.stream);
    if (!stream) return std::move(stream).error();
    const std::string keys(tty ? view_of(request.detach_keys) : std::string_view());
    std::shared_ptr<Client> client(new Client(std::move(*stream), request.flags, keys, std::move(input)));
    if ((request.flags & SLW_ATTACH_REPLY_FIRST) != 0) {
        const std::string_view preamble = view_of(request.preamble);
        if (!client->stream_->write(preamble.data(), preamble.size())) client->gone_ = true;
    }
    if ((request.flags & SLW_ATTACH_STDIN) != 0) {
        if (const std::string_view early = view_of(request.early_input); !early.empty()) client->input_.write(early);
        client->reader_ = std::thread([raw = client.get()] { raw->read_input(); });
    }
    return client;
}

Client::Client(std::unique_ptr<Stream> stream, uint32_t flags, std::string keys, InputTarget input)
    : stream_(std::move(stream)), flags_(flags), keys_(std::move(keys)), input_(std::move(input)) {}

Client::~Client() {
    stream_->cancel();
    if (reader_.joinable()) reader_.join();
}

bool Client::write(int stream, std::string_view bytes) {
    if (gone_) return false;
    if ((flags_ & (stream == 2 ? SLW_ATTACH_STDERR : SLW_ATTACH_STDOUT)) == 0) return true;
    std::string frame;
    if ((flags_ & SLW_ATTACH_MULTIPLEXED) != 0) {
        const auto size = static_cast<uint32_t>(bytes.size());
        frame = {static_cast<char>(stream),
                 0,
                 0,
                 0,
                 static_cast<char>(size >> 24),
                 static_cast<char>(size >> 16),
                 static_cast<char>(size >> 8),
                 static_cast<char>(size)};
        frame += bytes;
        bytes = frame;
    }
    const std::lock_guard lock(writing_);
    const bool sent = !gone_ && stream_->write(bytes.data(), bytes.size());
    if (!sent) gone_ = true;
    return sent;
}

void Client::end() {
    stream_->cancel_reading();
    stream_->end_writing();
    gone_ = true;
}

void Client::drop() {
    gone_ = true;
    stream_->cancel();
}

void Client::read_input() {
    char buffer[16 * 1024];
    while (true) {
        const int64_t got = stream_->read(buffer, sizeof(buffer));
        if (got < 0) return;
        if (got == 0) break;
        bool detached = false;
        const std::string passed = without_keys({buffer, static_cast<size_t>(got)}, detached);
        if (!passed.empty()) input_.write(passed);
        if (detached) {  // leaving by key is not the end of stdin
            end();
            return;
        }
    }
    input_.end();
}

std::string Client::without_keys(std::string_view bytes, bool& detached) {
    if (keys_.empty()) return std::string(bytes);
    std::string passed;
    for (const char c : bytes) {
        if (c == keys_[matched_]) {
            if (++matched_ == keys_.size()) {
                detached = true;
                return passed;
            }
            continue;
        }
        passed += keys_.substr(0, matched_);
        matched_ = 0;
        if (c == keys_[0]) {
            matched_ = 1;
        } else {
            passed += c;
        }
    }
    return passed;
}

}  // namespace slipway::windows_backend
