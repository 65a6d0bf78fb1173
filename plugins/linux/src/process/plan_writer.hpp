// plugins/linux/src/process/plan_writer.hpp - builds the bytes of a launch plan (slipway_supervisor/plan.hpp).
#pragma once

#include <slipway/cpp/error.hpp>
#include <slipway_supervisor/plan.hpp>
#include <sys/unique_fd.hpp>

#include <cstdint>
#include <string_view>
#include <vector>

namespace slipway::linux_backend {

// Appends records and texts behind the header and keeps the list of descriptors that travel along. Pure memory.
class PlanWriter {
public:
    PlanWriter() : bytes_(sizeof(supervisor::PlanHeader)) {}

    // Filled by the caller; finish() stores it.
    supervisor::PlanHeader header;

    // A text with a NUL inside cannot be carried: finish() then fails.
    supervisor::TextRef text(std::string_view value);
    supervisor::ListRef texts(const std::vector<std::string>& values);

    template <class Record>
    supervisor::ListRef list(const std::vector<Record>& records) {
        return append(records.data(), records.size(), sizeof(Record));
    }

    // Index of a descriptor for the plan. Borrowed: it must stay open until the plan was sent. -1 gives kNoFd.
    uint32_t fd(int borrowed);
    // The same for one the plan keeps until it is destroyed.
    uint32_t fd(UniqueFd owned);

    const std::vector<int>& fds() const { return fds_; }

    // The finished plan. kInvalidArgument when something does not fit or a text has a NUL inside.
    Result<std::vector<uint8_t>> finish();

private:
    supervisor::ListRef append(const void* data, size_t count, size_t record_bytes);

    std::vector<uint8_t> bytes_;
    std::vector<int> fds_;
    std::vector<UniqueFd> owned_;
    bool has_nul_ = false;
};

}  // namespace slipway::linux_backend
