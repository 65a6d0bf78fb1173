#!/bin/busybox sh
# First process of the virtual machine: finds the disk and goes there.
b=/bin/busybox
while read -r module; do $b insmod "/modules/$module" || echo "insmod $module failed"; done </modules/order
$b mount -t devtmpfs dev /dev
for _ in 1 2 3 4 5 6 7 8 9 10; do
    [ -b /dev/vda ] && break
    $b sleep 0.2
done
$b mount -t ext4 /dev/vda /newroot || { echo "no root file system"; $b poweroff -f; }
$b mount --move /dev /newroot/dev
exec $b switch_root /newroot /slipway-vm/init
