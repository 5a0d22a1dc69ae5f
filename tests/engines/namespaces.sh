#!/bin/sh
# Starts an engine in namespaces of its own, in a Debian file system over which it writes in a layer of its own.
#
#   namespaces.sh begin DAEMON...    join the control groups in $GROUPS, make the namespaces, and go on with:
#   namespaces.sh inside DAEMON...   as their first process
#
# $NAME is its hostname, $DEBIAN the file system, $HERE the engine's folder (with upper, work, root, engine and data),
# $DISK the size of a disk of its own in MiB or 0, $CGROUPS v1 or v2, and $ROOTLESS is not empty for a daemon that a user without privilege runs.
set -eu

step=$1
shift
if [ "$step" = begin ]; then
    for group in $GROUPS; do
        echo $$ >"$group/cgroup.procs"
    done
    # With its starter, it ends as well, and with it all that runs in its namespace of processes.
    exec setpriv --pdeathsig KILL unshare --mount --net --pid --ipc --uts --cgroup --fork --kill-child "$0" inside "$@"
fi

mount --make-rprivate /
mount -t overlay -o "lowerdir=$DEBIAN,upperdir=$HERE/upper,workdir=$HERE/work" overlay "$HERE/root"
cd "$HERE/root"
mkdir -p engine data outer
mount --bind "$HERE/engine" engine
if [ "$DISK" = 0 ]; then
    mount --bind "$HERE/data" data
else
    mount -t tmpfs -o "size=${DISK}m" tmpfs data
fi
mount -t proc proc proc
mount -t sysfs sysfs sys
mount --rbind /dev dev
mount -t tmpfs tmpfs run
mount -t tmpfs tmpfs tmp
if [ "$CGROUPS" = v1 ]; then
    mount -t tmpfs tmpfs sys/fs/cgroup
    for controller in cpu cpuacct cpuset memory devices freezer blkio pids; do
        mkdir "sys/fs/cgroup/$controller"
        mount -t cgroup -o "$controller" cgroup "sys/fs/cgroup/$controller"
    done
    mkdir sys/fs/cgroup/systemd
    mount -t cgroup -o none,name=systemd cgroup sys/fs/cgroup/systemd
else
    mount -t cgroup2 cgroup2 sys/fs/cgroup
fi
pivot_root . outer
umount -l /outer

export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root
chmod 1777 /tmp
ip link set lo up
hostname "$NAME"
mkdir -p /etc/containers
echo '{"default": [{"type": "insecureAcceptAnything"}]}' >/etc/containers/policy.json
export CONTAINERS_CONF=/engine/containers.conf PODMAN_IGNORE_CGROUPSV1_WARNING=1
useradd --system dockremap
useradd --uid 1000 user
for ids in /etc/subuid /etc/subgid; do
    printf 'dockremap:300000:65536\nuser:100000:65536\n' >"$ids"
done
if [ -z "$ROOTLESS" ]; then
    exec "$@"
fi
mkdir -p /run/user/1000
chown -R user: /run/user/1000 /engine /data
chmod 666 /dev/fuse /dev/net/tun
exec setpriv --reuid 1000 --regid 1000 --init-groups env HOME=/data XDG_RUNTIME_DIR=/run/user/1000 "$@"
