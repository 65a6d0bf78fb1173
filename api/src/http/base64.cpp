#include "http/base64.hpp"

#include <Poco/Base64Encoder.h>

#include <sstream>

namespace slipway::api {

std::string to_base64(std::string_view bytes) {
    std::ostringstream text;
    Poco::Base64Encoder encoder(text);
    encoder.rdbuf()->setLineLength(0);
    encoder.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
    encoder.close();
    return text.str();
}

}  // namespace slipway::api
