// Threads that tests left behind in a call that hangs may hold what the end of a process waits for: the system's
// libraries take locks when they are told, and those threads were ended with them. So this process ends without telling
// anybody.
#include <gmock/gmock.h>

#include <windows.h>

#include <cstdio>

int main(int argc, char** argv) {
    testing::InitGoogleMock(&argc, argv);
    const int result = RUN_ALL_TESTS();
    std::fflush(nullptr);
    TerminateProcess(GetCurrentProcess(), static_cast<UINT>(result));
    return result;
}
