#include <image/changes.hpp>

#include <gtest/gtest.h>

namespace slipway::core {
namespace {

using nlohmann::json;

json changed(const std::vector<std::string>& changes) {
    json config = json::object();
    const Status applied = apply_changes(config, changes);
    EXPECT_TRUE(applied) << applied.error().message();
    return config;
}

TEST(Changes, CommandsInBothForms) {
    EXPECT_EQ(changed({R"(CMD ["sh", "-c", "true"])"})["Cmd"], json({"sh", "-c", "true"}));
    EXPECT_EQ(changed({"cmd echo hi"})["Cmd"], json({"/bin/sh", "-c", "echo hi"}));
    EXPECT_EQ(changed({R"(ENTRYPOINT ["/e"])"})["Entrypoint"], json({"/e"}));
}

TEST(Changes, EverythingElse) {
    const json config = changed({"ENV A=1 B=\"two words\"", "ENV A=3", "ENV C old form", "EXPOSE 80 53/udp",
                                 "LABEL a=b 'c d'=e", "USER nobody", "VOLUME /v", R"(VOLUME ["/w"])", "WORKDIR /srv",
                                 "WORKDIR sub/../x", "STOPSIGNAL SIGQUIT", "# comment", ""});

    EXPECT_EQ(config["Env"], json({"A=3", "B=two words", "C=old form"}));
    EXPECT_EQ(config["ExposedPorts"], json({{"80/tcp", json::object()}, {"53/udp", json::object()}}));
    EXPECT_EQ(config["Labels"], json({{"a", "b"}, {"c d", "e"}}));
    EXPECT_EQ(config["User"], "nobody");
    EXPECT_EQ(config["Volumes"], json({{"/v", json::object()}, {"/w", json::object()}}));
    EXPECT_EQ(config["WorkingDir"], "/srv/x");
    EXPECT_EQ(config["StopSignal"], "SIGQUIT");
}

TEST(Changes, RefusalsNameTheInstruction) {
    const auto message = [](const char* change) {
        json config = json::object();
        const Status applied = apply_changes(config, {change});
        EXPECT_FALSE(applied) << change;
        return applied ? std::string() : applied.error().message();
    };
    EXPECT_EQ(message("RUN rm -rf /"), "RUN is not a valid change command");
    EXPECT_EQ(message("USER"), "USER requires at least one argument");
    EXPECT_EQ(message("ENV A"), "ENV: must have two arguments");
    EXPECT_EQ(message("ENV A=1 B"), "ENV: 'B' is not of the form name=value");
    EXPECT_EQ(message("LABEL a=\"b"), "LABEL: a quote is not closed");
    EXPECT_EQ(message("EXPOSE http"), "EXPOSE: invalid port specification: \"http\"");
    EXPECT_EQ(message("STOPSIGNAL NOPE"), "STOPSIGNAL: invalid signal: NOPE");
}

}  // namespace
}  // namespace slipway::core
