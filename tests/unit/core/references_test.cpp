// How a HostConfig names other containers, and what follows for the order at boot.
#include "model/references.hpp"
#include "model/dependencies.hpp"

#include <gtest/gtest.h>

#include <map>

namespace slipway::core {
namespace {

std::string link_of(std::string_view text) {
    auto link = parse_link(text);
    return link ? link->target + " as " + link->alias : link.error().message();
}

TEST(References, ContainerModes) {
    EXPECT_EQ(joined_container("container:web"), "web");
    EXPECT_EQ(joined_container("container:"), "");
    for (const char* mode : {"", "host", "containers", "bridge", "Container:x"}) {
        EXPECT_FALSE(joined_container(mode).has_value()) << mode;
    }
}

TEST(References, Links) {
    EXPECT_EQ(link_of("db"), "db as db");
    EXPECT_EQ(link_of("db:sql"), "db as sql");
    EXPECT_EQ(link_of("/db:/web/sql"), "db as sql");
    EXPECT_EQ(link_of(""), "empty string specified for links");
    for (const char* text : {"a:b:c", ":b", "a:", "/:/x/y", "a:b c", "a:b\n1.2.3.4 evil", "a:/x/", "a:b=c"}) {
        EXPECT_EQ(link_of(text), "bad format for links: " + std::string(text));
    }
}

TEST(References, VolumesFrom) {
    EXPECT_EQ(parse_volumes_from("data")->container, "data");
    EXPECT_FALSE(parse_volumes_from("data:rw")->read_only);
    EXPECT_TRUE(parse_volumes_from("data:ro")->read_only);
    EXPECT_TRUE(parse_volumes_from("data:z,ro")->read_only);
    EXPECT_EQ(parse_volumes_from("").error().message(), "malformed volumes-from specification: ");
    EXPECT_EQ(parse_volumes_from(":ro").error().message(), "malformed volumes-from specification: :ro");
    for (const char* mode : {"", "rx", "ro,rw", "nocopy", "rslave", "ro:rw"}) {
        EXPECT_EQ(parse_volumes_from("data:" + std::string(mode)).error().message(),
                  "invalid mode: " + std::string(mode));
    }
}

TEST(Dependencies, NamespacesLinksAndVolumesFromInOrder) {
    const std::map<std::string, std::string> ids = {{"net", "n"},  {"n", "n"},    {"i", "i"},     {"l", "l"},
                                                    {"data", "d"}, {"self", "s"}, {"names", "u"}, {"groups", "g"}};
    const IdOfReference id_of = [&](const std::string& ref) -> std::optional<std::string> {
        const auto found = ids.find(ref);
        if (found == ids.end()) return std::nullopt;
        return found->second;
    };
    ContainerRecord record;
    record.id = "s";
    record.host_config = {{"NetworkMode", "container:net"},     {"IpcMode", "container:i"},
                          {"PidMode", "container:n"},           {"UTSMode", "container:names"},
                          {"CgroupnsMode", "container:groups"}, {"VolumesFrom", {"data:ro", "gone", "self", "l"}}};
    record.links = {{"l", "alias"}, {"removed", "alias2"}};
    EXPECT_EQ(boot_dependencies(record, id_of), (std::vector<std::string>{"n", "i", "u", "g", "l", "d"}));
}

TEST(Dependencies, NoneForAContainerOfItsOwn) {
    ContainerRecord record;
    record.host_config = {{"NetworkMode", "bridge"}, {"IpcMode", "private"}, {"VolumesFrom", nullptr}};
    EXPECT_TRUE(boot_dependencies(record, [](const std::string& ref) { return std::optional(ref); }).empty());
}

}  // namespace
}  // namespace slipway::core
