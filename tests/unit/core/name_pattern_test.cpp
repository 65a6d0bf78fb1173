#include <engine/name_pattern.hpp>

#include <gtest/gtest.h>

#include <chrono>
#include <regex>
#include <string>

namespace slipway::core {
namespace {

bool matches(const std::string& expression, const std::string& text) {
    const auto pattern = NamePattern::compile(expression);
    EXPECT_TRUE(pattern) << expression;
    return pattern && pattern->matches(text);
}

TEST(NamePattern, MatchesAsTheStandardLibraryDoes) {
    const std::vector<std::string> texts = {"",     "a",     "web",  "web-1", "web_12", "my.web", "/web-1", "aaa",
                                            "abab", "db-01", "WEB1", "x y",   "a-b",    "]",      "ab",     "b"};
    for (const char* expression : {"web",        "^web",
                                   "web$",       "^web$",
                                   "^/web-1$",   "w.b",
                                   "web-[0-9]+", "[^a-z]",
                                   "[-a]",       "^[a-z]*$",
                                   "a|b",        "^(a|b)+$",
                                   "(ab)*",      "^(ab){2}$",
                                   "^a{2,}$",    "^a{0,2}$",
                                   "a{3}",       "\\d",
                                   "\\D",        "^\\w+$",
                                   "\\s",        "\\.",
                                   "web-?1",     "",
                                   "^$",         "(?:web|db)-0?1",
                                   "a*?b",       "^.*1$",
                                   "(a|)(b|)$",  "(a*)*$",
                                   "(^a|b$)",    "x|^",
                                   "[]a]"}) {
        for (const std::string& text : texts) {
            // The dialects differ only in what "]" means at the beginning of a class.
            if (std::string(expression) == "[]a]") {
                EXPECT_EQ(matches(expression, text), text.find_first_of("]a") != std::string::npos) << text;
                continue;
            }
            EXPECT_EQ(matches(expression, text), std::regex_search(text, std::regex(expression)))
                << expression << " in '" << text << "'";
        }
    }
}

TEST(NamePattern, WhatIsNoneIsSaid) {
    for (const char* expression :
         {"(",   ")",      "a)",      "[",  "[a",  "[b-a]", "*",     "a**",         "+a",  "a{",
          "a{2", "a{2,1}", "a{1001}", "\\", "\\b", "\\1",   "(?=a)", "[[:alpha:]]", "[\\", "a{,2}"}) {
        EXPECT_FALSE(NamePattern::compile(expression)) << expression;
    }
}

// With std::regex the first of these runs for years, and the others end the process.
TEST(NamePattern, S107_TimeAndMemoryAreBounded) {
    const std::string text = std::string(255, 'a') + "-";
    const auto begin = std::chrono::steady_clock::now();
    EXPECT_FALSE(matches("(a+)+$", text));
    EXPECT_FALSE(matches("(a|aa)+$", text));
    EXPECT_TRUE(matches("((a*)*)*$", text));
    std::string maybe;
    for (int i = 0; i < 200; ++i) maybe += "a?";
    EXPECT_TRUE(matches(maybe + std::string(200, 'a'), text));
    EXPECT_FALSE(NamePattern::compile("(((a{1000}){1000}){1000}){1000}"));
    EXPECT_FALSE(NamePattern::compile("(a?){1000}(b?){1000}"));
    EXPECT_FALSE(NamePattern::compile(std::string(1'000'000, '(')));
    EXPECT_FALSE(NamePattern::compile(std::string(1'000'000, '(') + std::string(1'000'000, ')')));
    EXPECT_FALSE(NamePattern::compile(std::string(1'000'000, 'a')));
    EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(1));
}

}  // namespace
}  // namespace slipway::core
