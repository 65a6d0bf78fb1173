#!/bin/sh
# run.sh BUILD PROGRAM.exe [ARGUMENT...]: a program that preset windows-mingw built, under Wine in the prefix WINEPREFIX, with
# BUILD as its working directory. Arguments that are paths of this machine are passed as Windows'.
# run.sh BUILD --host COMMAND...: a command of this machine, for tests that run Wine themselves.
#   --start   makes the prefix, puts the simulated host's libraries in the place of Windows' own, and starts the server
#   --stop    ends it
# SLIPWAY_TEST_SECONDS ends the program when it is over, so that what it has printed by then is shown; none: no limit.
# 77: BUILD is not there, so there is nothing to test. In CI, where it has to be there, 1.
build=$1
shift
wine=$(cd "$(dirname "$0")/../.." && pwd)/scripts/wine
if [ ! -f "$build/bin/slipwayd.exe" ]; then
    echo "not built: $build (scripts/deps --windows; scripts/windows-deps; scripts/build windows-mingw)"
    [ -z "$CI" ] || exit 1
    exit 77
fi
system32=$WINEPREFIX/drive_c/windows/system32
case $1 in
    --start)
        "$wine" --start || exit 1
        for library in "$build"/simulated-host/*.dll; do
            cmp -s "$library" "$system32/$(basename "$library")" || cp "$library" "$system32/" || exit 1
        done
        # Wine has a virtdisk of its own.
        exec "$wine" reg add 'HKCU\Software\Wine\DllOverrides' /v virtdisk /d native /f </dev/null ;;
    --stop)
        exec "$wine" --stop ;;
    --host)
        shift
        exec "$@" ;;
esac
cd "$build" || exit 1
program=bin/$1
shift
for argument; do
    shift
    case $argument in
        /*) argument=Z:$(printf %s "$argument" | tr / '\\') ;;
    esac
    set -- "$@" "$argument"
done
export WINEPATH="Z:$(printf %s "$build/bin" | tr / '\\')"
# Not straight into the caller's pipe: Wine's conhost.exe, which a console of a container can leave behind, would keep that
# open, and ctest would wait for its end.
output=$WINEPREFIX/output-$(basename "$program" .exe)
timeout --foreground -k 5 "${SLIPWAY_TEST_SECONDS:-0}" "$wine" "$program" "$@" >"$output" 2>&1 </dev/null
code=$?
cat "$output"
[ $code -ne 124 ] && [ $code -ne 137 ] || echo "$program did not end within $SLIPWAY_TEST_SECONDS s"
exit $code
