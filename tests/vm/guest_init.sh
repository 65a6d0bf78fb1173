#!/usr/bin/busybox sh
# Makes a machine with control groups v2 alone out of the disk, or has systemd make one and start this again. Runs the
# tests of /slipway-vm/list, says what came of them on the second serial port, and switches the machine off.
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LANG=C.UTF-8
. /slipway-vm/settings

[ $$ != 1 ] || [ -z "$SYSTEMD" ] || exec /usr/lib/systemd/systemd
make_machine() {
    mount -t proc -o nosuid,nodev,noexec proc /proc
    mount -t sysfs -o nosuid,nodev,noexec sysfs /sys
    mount -t cgroup2 -o nosuid,nodev,noexec,nsdelegate,memory_recursiveprot cgroup2 /sys/fs/cgroup
    mount -t bpf bpf /sys/fs/bpf
    mount -t tmpfs -o mode=755,nosuid,nodev run /run
    mkdir -p /dev/pts /dev/shm
    mount -t devpts -o gid=5,mode=620,ptmxmode=666 devpts /dev/pts
    mount -t tmpfs -o mode=1777,nosuid,nodev shm /dev/shm
    ln -sf /proc/self/fd /dev/fd
    ln -sf /proc/self/fd/0 /dev/stdin
    ln -sf /proc/self/fd/1 /dev/stdout
    ln -sf /proc/self/fd/2 /dev/stderr
}
[ $$ != 1 ] || make_machine
hostname slipway-vm
ip link set lo up
# An address that is not loopback, as a machine on a network has; no packet leaves it.
ip link add eth0 type dummy && ip address add 198.51.100.10/24 dev eth0 && ip link set eth0 up
ip route add default via 198.51.100.1
exec >/dev/ttyS1 2>&1 </dev/null
stty -F /dev/ttyS1 -opost -echo

# As services do, the tests run in a group of their own: nothing may rely on being in the root.
if [ -z "$SYSTEMD" ]; then
    mkdir -p /sys/fs/cgroup/system.slice/tests
    echo $$ >/sys/fs/cgroup/system.slice/tests/cgroup.procs
fi

echo "vm: kernel $(uname -r), controllers $(cat /sys/fs/cgroup/cgroup.controllers); mounted: $(grep -c ' cgroup ' /proc/mounts) v1, $(grep -c ' cgroup2 ' /proc/mounts) v2"
passed=0 failed=0 skipped=0
tab=$(printf '\t')
seconds() { cut -d. -f1 /proc/uptime; }
while IFS="$tab" read -r limit name command <&3; do
    began=$(seconds)
    timeout -s KILL "$limit" sh -c "$command" >/run/output 2>&1 </dev/null 3<&-
    status=$?
    took=$(($(seconds) - began))
    if [ $status -ne 0 ]; then
        failed=$((failed + 1))
        echo "vm: FAILED $name (status $status, $took s)"
        tail -c 6000 /run/output
    elif grep -q '^\[  SKIPPED \]' /run/output; then
        skipped=$((skipped + 1))
        echo "vm: skipped $name"
        grep -A2 'Skipped' /run/output
    else
        passed=$((passed + 1))
        echo "vm: passed $name ($took s)"
    fi
done 3</slipway-vm/list
echo "vm: done $passed $failed $skipped"
poweroff -f
