#include <process/output_hub.hpp>

#include <algorithm>

namespace slipway::windows_backend {

std::vector<std::shared_ptr<Client>> OutputHub::clients() const {
    const std::lock_guard lock(mutex_);
    return clients_;
}

void OutputHub::write(int stream, std::string_view bytes) {
    if (log_) log_->write(stream, bytes);
    {
        const std::lock_guard lock(mutex_);
        if (captured_.size() < capture_bytes_) captured_.append(bytes.substr(0, capture_bytes_ - captured_.size()));
    }
    for (const auto& client : clients()) {
        if (client->write(stream, bytes)) continue;
        const std::lock_guard lock(mutex_);
        gone_.push_back(client);
        clients_.erase(std::remove(clients_.begin(), clients_.end(), client), clients_.end());
    }
}

Status OutputHub::add(std::shared_ptr<Client> client) {
    const std::lock_guard lock(mutex_);
    if (ended_) return Error(ErrorCode::kConflict, "the process has ended");
    clients_.push_back(std::move(client));
    return ok();
}

std::string OutputHub::captured() const {
    const std::lock_guard lock(mutex_);
    return captured_;
}

void OutputHub::drop_clients() {
    for (const auto& client : clients()) client->drop();
}

void OutputHub::finish_log() {
    if (log_) log_->finish();
}

void OutputHub::end() {
    std::vector<std::shared_ptr<Client>> ending;
    {
        const std::lock_guard lock(mutex_);
        ended_ = true;
        ending.swap(clients_);
    }
    for (const auto& client : ending) client->end();
}

}  // namespace slipway::windows_backend
