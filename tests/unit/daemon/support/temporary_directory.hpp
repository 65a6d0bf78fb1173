// tests/unit/daemon/support/temporary_directory.hpp - a test with a directory of its own.
#pragma once

#include <Poco/TemporaryFile.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <string>

namespace slipway::daemon {

class TemporaryDirectory : public testing::Test {
protected:
    void SetUp() override {
        root = Poco::TemporaryFile::tempName();
        ASSERT_TRUE(std::filesystem::create_directory(root));
    }
    void TearDown() override { std::filesystem::remove_all(root); }

    std::string write(const std::string& name, const std::string& content) const {
        const std::filesystem::path path = root / name;
        std::ofstream(path, std::ios::binary) << content;
        return path.string();
    }

    std::filesystem::path root;
};

}  // namespace slipway::daemon
