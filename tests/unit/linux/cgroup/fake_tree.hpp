// tests/unit/linux/cgroup/fake_tree.hpp - a directory tree that stands in for mounted control groups.
#pragma once

#include <cgroup/layout.hpp>

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>

namespace slipway::linux_backend::test {

class FakeTree {
public:
    FakeTree() {
        std::string name = "/tmp/slipway-cgroup-XXXXXX";
        root = ::mkdtemp(name.data()) == nullptr ? std::string() : name;
        EXPECT_FALSE(root.empty());
    }
    FakeTree(const FakeTree&) = delete;
    FakeTree& operator=(const FakeTree&) = delete;
    ~FakeTree() {
        std::error_code ignored;
        std::filesystem::remove_all(root, ignored);
    }

    void put(const std::string& path, const std::string& text) const {
        std::filesystem::create_directories(std::filesystem::path(root + "/" + path).parent_path());
        std::ofstream(root + "/" + path) << text;
    }
    std::string text(const std::string& path) const {
        std::ifstream file(root + "/" + path);
        std::ostringstream out;
        out << file.rdbuf();
        return out.str();
    }
    bool exists(const std::string& path) const { return std::filesystem::exists(root + "/" + path); }

    CgroupLayout v2() const {
        put("cgroup.controllers", "cpuset cpu io memory hugetlb pids\n");
        CgroupLayout layout;
        layout.version = CgroupSupport::Version::kV2;
        layout.unified = root;
        layout.plain_files = true;
        return layout;
    }

    std::string root;
};

}  // namespace slipway::linux_backend::test
