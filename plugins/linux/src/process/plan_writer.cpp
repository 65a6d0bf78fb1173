#include <process/plan_writer.hpp>

#include <cstring>
#include <string>

namespace slipway::linux_backend {

using supervisor::ListRef;
using supervisor::TextRef;

TextRef PlanWriter::text(std::string_view value) {
    if (value.find('\0') != std::string_view::npos) has_nul_ = true;
    const TextRef ref{static_cast<uint32_t>(bytes_.size()), static_cast<uint32_t>(value.size())};
    bytes_.insert(bytes_.end(), value.begin(), value.end());
    bytes_.push_back(0);
    return ref;
}

ListRef PlanWriter::texts(const std::vector<std::string>& values) {
    std::vector<TextRef> refs;
    refs.reserve(values.size());
    for (const std::string& value : values) refs.push_back(text(value));
    return list(refs);
}

ListRef PlanWriter::append(const void* data, size_t count, size_t record_bytes) {
    constexpr size_t kAlignment = 8;
    bytes_.resize((bytes_.size() + kAlignment - 1) / kAlignment * kAlignment);
    const ListRef ref{static_cast<uint32_t>(bytes_.size()), static_cast<uint32_t>(count)};
    const auto* from = static_cast<const uint8_t*>(data);
    if (count > 0) bytes_.insert(bytes_.end(), from, from + count * record_bytes);
    return ref;
}

uint32_t PlanWriter::fd(int borrowed) {
    if (borrowed < 0) return supervisor::kNoFd;
    fds_.push_back(borrowed);
    return static_cast<uint32_t>(fds_.size() - 1);
}

uint32_t PlanWriter::fd(UniqueFd owned) {
    const uint32_t index = fd(owned.get());
    owned_.push_back(std::move(owned));
    return index;
}

Result<std::vector<uint8_t>> PlanWriter::finish() {
    if (has_nul_) return Error(ErrorCode::kInvalidArgument, "launch plan: a text has a NUL character inside");
    // Offsets were cut to 32 bits as they were written; a plan this large is refused before anybody follows them.
    if (bytes_.size() > supervisor::kPlanMaxBytes) {
        return Error(ErrorCode::kInvalidArgument, "launch plan: arguments, environment and mounts take " +
                                                      std::to_string(bytes_.size()) + " bytes, the limit is " +
                                                      std::to_string(supervisor::kPlanMaxBytes));
    }
    if (fds_.size() > supervisor::kPlanMaxFds) {
        return Error(ErrorCode::kInvalidArgument, "launch plan: too many mounts and ports");
    }
    header.total_bytes = static_cast<uint32_t>(bytes_.size());
    header.fd_count = static_cast<uint32_t>(fds_.size());
    std::memcpy(bytes_.data(), &header, sizeof(header));
    supervisor::Plan check;
    if (!check.validate(bytes_.data(), bytes_.size(), header.fd_count)) {
        return Error(ErrorCode::kInternal, "launch plan: inconsistent");
    }
    return std::move(bytes_);
}

}  // namespace slipway::linux_backend
