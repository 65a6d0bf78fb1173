#include <iphlpapi.h>
#include <wincrypt.h>
// A macro of wincrypt.h that is a name in Poco's ICMP headers.
#undef TIMESTAMP_REQUEST
