#include <spec/cpu_list.hpp>
#include <spec/strict_number.hpp>

#include <algorithm>
#include <bitset>
#include <string_view>

namespace slipway::linux_backend {

namespace {

constexpr uint64_t kMaxCpu = 8191;  // more than any kernel is built for; bounds the set

Error bad_format(const std::string& text) {
    return Error(ErrorCode::kInvalidArgument, "invalid format: " + text);
}

}  // namespace

Result<std::set<unsigned>> parse_cpu_list(const std::string& text) {
    if (text.size() > kLongestCpuList) {
        return Error(ErrorCode::kInvalidArgument,
                     "the list is longer than " + std::to_string(kLongestCpuList) + " bytes");
    }
    std::bitset<kMaxCpu + 1> found;  // ranges may overlap thousands of times
    std::string_view rest = text;
    while (!rest.empty()) {
        const size_t comma = std::min(rest.find(','), rest.size());
        const std::string_view part = rest.substr(0, comma);
        if (comma + 1 == rest.size()) return bad_format(text);  // ends in a comma
        rest.remove_prefix(std::min(comma + 1, rest.size()));

        const size_t dash = part.find('-');
        const auto first = strict_number(part.substr(0, dash), UINT32_MAX);
        const auto last = dash == std::string_view::npos ? first : strict_number(part.substr(dash + 1), UINT32_MAX);
        if (!first || !last || *first > *last) return bad_format(text);
        if (*last > kMaxCpu) {
            return Error(ErrorCode::kInvalidArgument, "value of out range, maximum is " + std::to_string(kMaxCpu));
        }
        for (uint64_t number = *first; number <= *last; ++number) found.set(number);
    }
    std::set<unsigned> numbers;
    for (unsigned number = 0; number <= kMaxCpu; ++number) {
        if (found[number]) numbers.insert(numbers.end(), number);
    }
    return numbers;
}

}  // namespace slipway::linux_backend
