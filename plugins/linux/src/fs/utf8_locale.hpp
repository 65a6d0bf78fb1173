// plugins/linux/src/fs/utf8_locale.hpp - the character set libarchive works under.
#pragma once

#include <locale.h>

namespace slipway::linux_backend {

// libarchive converts pax names between UTF-8 and the thread's character set. A daemon runs in the "C" locale, where
// every other byte would become '?', so the calls into it run under C.UTF-8, where nothing is converted.
class Utf8Locale {
public:
    Utf8Locale() : previous_(::uselocale(instance())) {}
    ~Utf8Locale() { ::uselocale(previous_); }
    Utf8Locale(const Utf8Locale&) = delete;
    Utf8Locale& operator=(const Utf8Locale&) = delete;

private:
    static locale_t instance() {
        // Never freed. A null locale, when the system has no C.UTF-8, leaves the thread's as it is.
        static const locale_t utf8 = ::newlocale(LC_CTYPE_MASK, "C.UTF-8", nullptr);
        return utf8;
    }
    locale_t previous_;
};

}  // namespace slipway::linux_backend
