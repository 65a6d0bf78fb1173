#include "image/glob.hpp"

#include <cstddef>

namespace slipway::core {

namespace {

// Matches one character against the set at the front of `pattern`, which begins behind "[". Sets `length` to the set's
// size including "]", 0 when it is malformed.
bool in_set(std::string_view pattern, char c, size_t& length) {
    length = 0;
    size_t at = 0;
    const bool negated = !pattern.empty() && pattern[0] == '^';
    if (negated) ++at;
    bool found = false;
    for (bool first = true; at < pattern.size(); first = false) {
        if (pattern[at] == ']' && !first) {
            length = at + 1;
            return found != negated;
        }
        if (pattern[at] == '\\' && at + 1 < pattern.size()) ++at;
        const char low = pattern[at++];
        char high = low;
        if (at + 1 < pattern.size() && pattern[at] == '-' && pattern[at + 1] != ']') {
            high = pattern[at + 1];
            at += 2;
        }
        found = found || (low <= c && c <= high);
    }
    return false;
}

// Matches one character of the text against the pattern's first element. Sets how much of the pattern that is.
bool match_one(std::string_view pattern, char c, size_t& length) {
    length = 1;
    switch (pattern.front()) {
        case '?':
            return c != '/';
        case '[': {
            const bool matched = in_set(pattern.substr(1), c, length);
            if (length == 0) return false;
            ++length;
            return matched;
        }
        case '\\':
            if (pattern.size() < 2) return false;
            length = 2;
            return pattern[1] == c;
        default:
            return pattern.front() == c;
    }
}

}  // namespace

bool glob_match(std::string_view pattern, std::string_view text) {
    // The last star seen can take one more character when what follows it fails; earlier stars need no second try.
    size_t p = 0, t = 0, star = std::string_view::npos, star_text = 0;
    while (t < text.size()) {
        size_t length = 0;
        if (p < pattern.size() && pattern[p] == '*') {
            star = p++;
            star_text = t;
        } else if (p < pattern.size() && match_one(pattern.substr(p), text[t], length)) {
            p += length;
            ++t;
        } else if (star != std::string_view::npos && text[star_text] != '/') {
            p = star + 1;
            t = ++star_text;
        } else {
            return false;
        }
    }
    while (p < pattern.size() && pattern[p] == '*') ++p;
    return p == pattern.size();
}

}  // namespace slipway::core
