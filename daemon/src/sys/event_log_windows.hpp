// daemon/src/sys/event_log_windows.hpp - the event log of Windows.
#pragma once

#include <string>

namespace slipway::daemon {

// From now on write_log_line() writes to the event log "Application", as source `name`. Before any thread exists.
void log_to_event_log(const std::wstring& name);

// Whether the source was made known to the system, so that its events are shown as they were written.
bool register_event_source(const std::wstring& name);
void unregister_event_source(const std::wstring& name);

}  // namespace slipway::daemon
