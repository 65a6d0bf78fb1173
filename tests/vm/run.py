#!/usr/bin/env python3
"""Boots Debian's cloud kernel under qemu with control groups v2 alone, runs tests of a build tree in there.

  run.py --build build/dev [-R REGEX] [-E REGEX] [-L LABEL] [--timeout SECONDS] [--systemd]

Tests are chosen as with ctest, among those of the Linux backend. With --systemd the machine's first process is systemd,
and daemons let it make their control groups. Needs no root. The last line says how many ran, passed
and failed; the exit status is 0 only when every chosen test ran and passed or said why it skips.
"""
import argparse
import contextlib
import json
import os
import pathlib
import re
import shlex
import shutil
import signal
import subprocess
import sys
import threading

import image
import kernel

HERE = pathlib.Path(__file__).resolve().parent
SOURCE = HERE.parent.parent
NOT_OF_THE_BACKEND = {"sdk.package", "conformance.template"}  # the first needs a compiler
NEED_COMPILERS = "ProgramKinds."
SLOWER = 6  # software emulation; a test's own time limit is stretched by it


def chosen_tests(build, arguments):
    """[(name, seconds, command)] out of ctest's list."""
    query = ["ctest", "--test-dir", str(build), "--show-only=json-v1", "-L", arguments.label, "-LE", "^vm$"]
    if arguments.regex:
        query += ["-R", arguments.regex]
    if arguments.exclude:
        query += ["-E", arguments.exclude]
    told = subprocess.run(query, capture_output=True, text=True, check=True, timeout=120)
    tests = []
    for test in json.loads(told.stdout)["tests"]:
        if test["name"] in NOT_OF_THE_BACKEND or test["name"].startswith(NEED_COMPILERS):
            continue
        properties = {entry["name"]: entry["value"] for entry in test.get("properties", [])}
        command = shlex.join(test["command"])
        if "WORKING_DIRECTORY" in properties:
            directory = shlex.quote(properties["WORKING_DIRECTORY"])
            command = f"mkdir -p {directory} && cd {directory} && {command}"
        tests.append((test["name"], int(properties.get("TIMEOUT", 120) * SLOWER), command))
    return tests


# Nothing of a usual system but the tests; what they print goes to the second serial port.
TEST_UNIT = """[Unit]
Description=Tests of Slipway
DefaultDependencies=no

[Service]
ExecStart=/slipway-vm/init
StandardInput=null
StandardOutput=null
StandardError=null
TasksMax=infinity
LimitNOFILE=65536
"""
TEST_TARGET = """[Unit]
Description=Machine for tests of Slipway
DefaultDependencies=no
Requires=slipway-tests.service
AllowIsolate=yes
"""


def guest_files(build, tests, arguments):
    lines = [f"{seconds}\t{name}\t{command}\n" for name, seconds, command in tests]
    settings = f"mkdir -p {shlex.quote(str(build / 'Testing'))}\n" + ("export CI=true\n" if arguments.ci else "")
    files = {
        "/slipway-vm/init": ((HERE / "guest_init.sh").read_text(), 0o755),
        "/slipway-vm/list": ("".join(lines), 0o644),
    }
    if arguments.systemd:
        settings += "SYSTEMD=yes\nexport SLIPWAY_TEST_CGROUP_DRIVER=systemd\n"
        files["/etc/systemd/system/slipway-tests.service"] = (TEST_UNIT, 0o644)
        files["/etc/systemd/system/default.target"] = (TEST_TARGET, 0o644)
        files["/etc/machine-id"] = ("0123456789abcdef0123456789abcdef\n", 0o644)
    files["/slipway-vm/settings"] = (settings, 0o644)
    return files


def qemu_command(work, kernel_root, disk, initramfs, memory):
    return [
        "setpriv", "--pdeathsig", "KILL",  # a run that is killed takes its machine along
        "qemu-system-x86_64", "-accel", "tcg,thread=multi", "-cpu", "max", "-smp", "2", "-m", str(memory),
        "-nodefaults", "-no-user-config", "-display", "none", "-no-reboot", "-nic", "none",
        "-kernel", str(kernel.image_of(kernel_root)), "-initrd", str(initramfs),
        "-append", "console=ttyS0 quiet loglevel=4 panic=-1 cgroup_no_v1=all mitigations=off random.trust_cpu=on swapaccount=1",
        "-drive", f"file={disk},format=raw,if=virtio,cache=unsafe",
        "-serial", f"file:{work / 'console.log'}", "-chardev", "stdio,id=out,signal=off", "-serial", "chardev:out",
    ]  # fmt: skip


def watch(process, seconds, report):
    """Passes the machine's lines on; (passed, failed, skipped) of its last one, or None when it never came."""
    clock = threading.Timer(seconds, process.kill)
    clock.start()
    counts = None
    try:
        for raw in process.stdout:
            line = raw.decode("utf-8", "replace").rstrip("\r\n")
            done = re.fullmatch(r"vm: done (\d+) (\d+) (\d+)", line)
            if done:
                counts = tuple(int(number) for number in done.groups())
                continue
            report(line)
        process.wait()
    finally:
        clock.cancel()
        if process.poll() is None:
            process.kill()
            process.wait()
    return counts


@contextlib.contextmanager
def work_directory(parent):
    """One of this process's own; what a run that was killed has left goes."""
    for old in parent.glob("work-*"):
        if not pathlib.Path("/proc", old.name.removeprefix("work-")).exists():
            shutil.rmtree(old, ignore_errors=True)
    work = parent / f"work-{os.getpid()}"
    work.mkdir()
    try:
        yield work
    finally:
        shutil.rmtree(work, ignore_errors=True)


def run(arguments):
    build = pathlib.Path(arguments.build).resolve()
    if shutil.which("qemu-system-x86_64") is None:
        raise kernel.Trouble("qemu-system-x86_64 is missing; run scripts/deps --test")
    tests = chosen_tests(build, arguments)
    if not tests:
        raise kernel.Trouble("no test matches")
    kernel_root = kernel.fetch(build / "vm/kernel")
    with work_directory(build / "vm") as work:
        initramfs = image.build_initramfs(work, kernel_root, (HERE / "guest_initramfs.sh").read_text())
        disk = image.build(work, kernel_root, SOURCE, build, guest_files(build, tests, arguments), arguments.systemd)
        command = qemu_command(work, kernel_root, disk, initramfs, arguments.memory)
        failures = []

        def report(line):
            print(line, flush=True)
            if line.startswith("vm: FAILED "):
                failures.append(line)

        with subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as process:
            counts = watch(process, arguments.timeout, report)
        console = (work / "console.log").read_text(errors="replace") if (work / "console.log").exists() else ""
    passed, failed, skipped = counts or (0, 0, 0)
    good = counts is not None and failed == 0 and passed + skipped == len(tests)
    if not good:
        print("vm: the end of the machine's console:\n" + console[-6000:])
    if counts is None:
        print(f"vm: the machine did not come to its end within {arguments.timeout} s")
    print("".join(f"{line}\n" for line in failures), end="")  # once more, where the end of a long output shows them
    print(f"vm: {len(tests)} tests chosen, {passed + failed + skipped} ran: {passed} passed, {failed} failed, {skipped} skipped")
    return 0 if good else 1


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", required=True, help="build tree")
    parser.add_argument("-R", dest="regex", help="tests whose name matches")
    parser.add_argument("-E", dest="exclude", help="tests whose name does not match")
    parser.add_argument("-L", dest="label", default="^(integration|conformance|api)$", help="labels")
    parser.add_argument("--timeout", type=int, default=5400, help="seconds for the whole machine")
    parser.add_argument("--memory", type=int, default=2048, help="MiB")
    parser.add_argument("--systemd", action="store_true", help="systemd is the first process and makes control groups")
    parser.add_argument("--ci", action="store_true", default="CI" in os.environ, help="a test that skips fails, as with CI set")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    try:
        return run(parser.parse_args())
    except kernel.Trouble as trouble:
        print(f"vm: {trouble}")
        print("vm: 0 tests ran")
        return 1


if __name__ == "__main__":
    sys.exit(main())
