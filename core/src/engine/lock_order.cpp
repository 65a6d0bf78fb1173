#include "engine/lock_order.hpp"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <vector>

namespace slipway::core::lock_order {

namespace {
thread_local std::vector<LockRank> held;

[[noreturn]] void broken(LockRank wanted) {
    std::fprintf(stderr, "lock order broken: rank %d wanted while rank %d is held\n", static_cast<int>(wanted),
                 static_cast<int>(held.back()));
    std::abort();
}
}  // namespace

void about_to_take(LockRank rank) {
    if (!held.empty() && *std::max_element(held.begin(), held.end()) >= rank) broken(rank);
}

void taken(LockRank rank) {
    held.push_back(rank);
}

void given_back(LockRank rank) {
    const auto found = std::find(held.rbegin(), held.rend(), rank);
    if (found != held.rend()) held.erase(std::next(found).base());
}

void expect_none_held() {
    if (!held.empty()) broken(static_cast<LockRank>(0));
}

}  // namespace slipway::core::lock_order
