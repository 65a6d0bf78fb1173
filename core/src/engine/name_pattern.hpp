// core/src/engine/name_pattern.hpp - regular expressions from clients, matched in bounded time whatever they are.
#pragma once

#include <bitset>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

namespace slipway::core {

// A regular expression in the common part of Go's syntax: alternatives, groups, ".", classes, "\d\w\s" and their
// opposites, "^", "$", "*", "+", "?", "{n,m}". It is matched by following all its states at once: the time is the
// product of the lengths of text and expression, and no recursion depends on either. std::regex promises neither.
class NamePattern {
public:
    // Nothing when it does not compile, is nested too deep, or would have more than 2,000 states.
    static std::optional<NamePattern> compile(std::string_view expression);

    // Whether it matches any part of `text`.
    bool matches(std::string_view text) const;

private:
    friend class PatternCompiler;
    enum class Op : uint8_t { kBytes, kSplit, kBegin, kEnd, kFound };
    struct State {
        Op op = Op::kFound;
        uint32_t next = 0, other = 0;  // kSplit goes to both
        std::bitset<256> bytes;
    };

    void follow(uint32_t from, size_t at, size_t size, std::vector<uint32_t>& reached, std::vector<size_t>& seen) const;

    std::vector<State> states_;
    uint32_t first_ = 0;
};

}  // namespace slipway::core
