// Copying files of containers that fight back: rows S-20 to S-25.
#include "security.hpp"

#include <filesystem>
#include <set>

namespace slipway::testing {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;
using ::testing::AnyOf;
using ::testing::Eq;
using ::testing::Not;

class ArchiveSecurity : public Security {
protected:
    void SetUp() override {
        Security::SetUp();
        if (canary.empty()) return;
        docker_ok(
            {"run", "-d", "--name", "hostile", "-v", daemon->root() + "/bound:/race/bound", "box", "sleep", "600"});
        root = root_of("hostile");
    }
    HttpReply get(const std::string& path) const {
        return raw_http(daemon->socket(), "GET", "/containers/hostile/archive?path=" + path);
    }
    HttpReply put(const std::string& path, const std::string& tar) const {
        return raw_http(daemon->socket(), "PUT", "/containers/hostile/archive?path=" + path, tar);
    }
    std::string inside(const std::string& command) const { return docker_ok({"exec", "hostile", "sh", "-c", command}); }

    std::string root;
};

TEST_F(ArchiveSecurity, S20_ADirectoryExchangedWithALinkToTheRootNeverLeadsToTheHost) {
    // The same path inside: what the link to "/" leads to there has no such file.
    inside("mkdir -p /race/d" + canary + "; echo inside > /race/d" + canary + "/secret; ln -s / /race/link");
    const std::string through = "/race/d" + canary;
    int found = 0, missing = 0;
    {
        const Racer racer(root + "/race", "d", "link");
        for (int i = 0; i < 200; ++i) {
            const HttpReply file = get(through + "/secret");
            EXPECT_THAT(file.status, AnyOf(Eq(200), Eq(404)));
            EXPECT_THAT(file.body, Not(HasSubstr(kSecret)));
            ++(file.status == 200 ? found : missing);
            const HttpReply planted = put(through, tar_entry({"planted", '0', "x"}) + tar_end());
            EXPECT_THAT(planted.status, AnyOf(Eq(200), Eq(404)));
            if (i % 20 != 0) continue;
            EXPECT_THAT(get("/race").body, Not(HasSubstr(kSecret)));
            EXPECT_THAT(raw_http(daemon->socket(), "GET", "/containers/hostile/export").body, Not(HasSubstr(kSecret)));
        }
        EXPECT_GT(racer.rounds(), 1000);
    }
    // Both sides were met, or nothing was raced.
    EXPECT_GT(found, 0);
    EXPECT_GT(missing, 0);
    EXPECT_FALSE(fs::exists(canary + "/planted"));
}

TEST_F(ArchiveSecurity, S20_MagicLinksLeadNowhere) {
    inside("ln -s /proc/1/root /race/magic; ln -s /proc/self/cwd /race/self");
    for (const char* name : {"/race/magic/etc/hostname", "/race/self/etc/hostname", "/proc/1/root/etc/hostname"}) {
        EXPECT_THAT(get(name).status, AnyOf(Eq(400), Eq(404), Eq(500))) << name;
        EXPECT_NE(put(name, tar_end()).status, 200) << name;
    }
}

TEST_F(ArchiveSecurity, S21_S22_NothingOfTheImageIsRunOrLoaded) {
    const std::set<std::string> mapped = mapped_files();
    // Programs and libraries by the names that engines were tricked with.
    inside(
        "for d in /bin /sbin /usr/bin /usr/sbin /usr/local/bin; do mkdir -p $d; "
        "for p in xz unxz gzip gunzip pigz unpigz zstd bzip2 tar; do rm -f $d/$p; "
        "printf '#!/bin/sh\\necho ran >> /ran\\n' > $d/$p; chmod 755 $d/$p; done; done; "
        "for l in libnss_files.so.2 libnss_compat.so.2 libnss_dns.so.2; do "
        "for d in /lib /lib64 /usr/lib /lib/x86_64-linux-gnu; do mkdir -p $d; echo poison > $d/$l; done; done; "
        "echo /lib/libnss_files.so.2 > /etc/ld.so.preload; rm -f /ran");
    const std::string plain = daemon->root() + "/plain.tar";
    for (const char* packer : {"cat", "gzip", "bzip2", "xz", "zstd"}) {
        const std::string name = std::string("by-") + packer;
        write_file(plain, tar_entry({name, '0', "unpacked"}) + tar_end());
        const RunResult packed = run({"sh", "-c", std::string(packer) + " < " + plain});
        ASSERT_EQ(packed.exit_code, 0) << packer << packed.err;
        const HttpReply reply = put("/tmp", packed.out);
        EXPECT_EQ(reply.status, 200) << packer << reply.body;
        EXPECT_THAT(get("/tmp/" + name).body, HasSubstr("unpacked"));
    }
    EXPECT_EQ(raw_http(daemon->socket(), "GET", "/containers/hostile/export").status, 200);
    EXPECT_FALSE(fs::exists("/ran"));
    EXPECT_FALSE(fs::exists(root + "/ran"));
    EXPECT_EQ(mapped_files(), mapped);
}

TEST_F(ArchiveSecurity, S23_MountPointsAreNotMadeOutsideOfTheContainer) {
    // The mount point of the second bind lies in the first, whose content somebody exchanges meanwhile.
    const std::string shared = daemon->root() + "/shared";
    fs::create_directories(shared + "/d/tmp");
    fs::create_symlink(canary, shared + "/link");
    docker_ok({"create", "--name", "assembled", "-v", shared + ":/s", "-v", daemon->root() + "/bound:/s/d/made/here",
               "box", "true"});
    const MachineState before = daemon->machine_at_rest();
    int made_outside = 0;
    {
        const Racer racer(shared, "d", "link");
        for (int i = 0; i < 100; ++i) {
            std::error_code gone;  // it may be behind the link just now
            fs::remove_all(shared + "/d/made", gone);
            const HttpReply reply = raw_http(daemon->socket(), "GET", "/containers/assembled/archive?path=/etc/passwd");
            EXPECT_NE(reply.status, 0);
            // Looked at now: what removes it above may go through the link.
            if (fs::exists(canary + "/made")) ++made_outside;
            put("/tmp", tar_end());
        }
    }
    EXPECT_EQ(made_outside, 0);
    EXPECT_FALSE(fs::exists(canary + "/made"));
    EXPECT_EQ(daemon->leaks_since(before), "");
}

TEST_F(ArchiveSecurity, S24_ModesAndOwnersOfTheHostStay) {
    // A tree of this test's, which the link leads to, stands for the host's: should it ever be reached, no harm is
    // done.
    const std::string host = daemon->root() + "/host";
    fs::create_directories(host + "/etc");
    fs::create_directories(host + "/usr/bin");
    write_file(host + "/etc/hostname", "mine");
    const auto manifest = [&] { return run({"find", host, "-printf", "%p %m %U:%G %s %T@ %C@\\n"}).out; };
    inside("mkdir -p /race/d/etc /race/d/usr/bin; ln -s " + host + " /race/link");
    const std::string before = manifest();
    ASSERT_THAT(before, HasSubstr(host + "/etc/hostname"));
    std::string tar;
    for (const char* name : {"etc", "usr", "usr/bin"}) tar += tar_entry({name, '5', "", "", 0777, 1234, 1234});
    tar += tar_entry({"etc/hostname", '0', "planted", "", 04777, 1234, 1234});
    tar += tar_entry({"etc/fifo", '6', "", "", 06777, 1234, 1234}) + tar_end();
    {
        const Racer racer(root + "/race", "d", "link");
        for (int i = 0; i < 100; ++i)
            EXPECT_THAT(put("/race/d", tar).status, AnyOf(Eq(200), Eq(400), Eq(404), Eq(500)));
    }
    EXPECT_EQ(manifest(), before);
}

TEST_F(ArchiveSecurity, S25_MembersThatWantOutStayIn) {
    inside("mkdir -p /race/in; ln -s " + canary + " /race/in/out; mkdir -p " + canary);
    const std::string secret = canary + "/secret";
    const auto refused = [&](const std::string& tar) { EXPECT_EQ(put("/race/in", tar + tar_end()).status, 400); };
    refused(tar_entry({"../escaped", '0', "x"}));
    refused(tar_entry({"a/../../escaped", '0', "x"}));
    refused(tar_entry({"hard", '1', "", "../../../../../.." + secret}));
    refused(tar_entry({"hard", '1', "", secret}));
    // Absolute names begin at the directory, links on the way end in it.
    EXPECT_EQ(put("/race/in", tar_entry({"/absolute", '0', "x"}) + tar_end()).status, 200);
    EXPECT_EQ(inside("cat /race/in/absolute"), "x");
    (void)put("/race/in", tar_entry({"soft", '2', "", canary}) + tar_entry({"soft/planted", '0', "x"}) + tar_end());
    (void)put("/race/in", tar_entry({"up", '2', "", "../../../.."}) +
                              tar_entry({"up" + canary + "/planted", '0', "x"}) + tar_end());
    (void)put("/race/in", tar_entry({"out/planted", '0', "x"}) + tar_end());
    // Replaced, not written through.
    EXPECT_EQ(
        put("/race/in", tar_entry({"soft", '2', "", secret}) + tar_entry({"soft", '0', "own"}) + tar_end()).status,
        200);
    EXPECT_EQ(inside("cat /race/in/soft; ls " + canary), "own");
    EXPECT_FALSE(fs::exists("/escaped"));
}

}  // namespace
}  // namespace slipway::testing
