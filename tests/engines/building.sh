#!/bin/sh
# Builds the dockerd of a Debian suite without the correction by which it hands queries on from an internal network
# (moby/moby, pull request 47821), as 23.0.11, 25.0.5 and 26.0.0 to 26.1.2 were released.
#
#   building.sh begin DEBIAN FOLDER MIRROR SUITE   in a mount namespace of its own; leaves FOLDER/dockerd
#   building.sh inside                             in Debian's file system
set -eu

if [ "$1" = begin ]; then
    debian=$2 folder=$3
    mkdir -p "$folder/upper" "$folder/work" "$folder/root"
    mount -t overlay -o "lowerdir=$debian,upperdir=$folder/upper,workdir=$folder/work" overlay "$folder/root"
    mount -t proc proc "$folder/root/proc"
    mount --rbind /dev "$folder/root/dev"
    cp -L /etc/resolv.conf "$folder/root/etc/resolv.conf"
    printf 'deb %s %s main\ndeb-src %s %s main\n' "$4" "$5" "$4" "$5" >"$folder/root/etc/apt/sources.list"
    cp "$0" "$folder/root/building.sh"
    chroot "$folder/root" /bin/sh /building.sh inside
    cp "$folder/root/src/dockerd" "$folder/dockerd"
    exit
fi

export PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root DEBIAN_FRONTEND=noninteractive
apt-get -o Acquire::Check-Valid-Until=false update -qq
apt-get install -y -qq --no-install-recommends build-essential devscripts dpkg-dev equivs xz-utils
mkdir -p /src/docker
cd /src
# Its signature needs keys that are not here; apt has compared the digests.
apt-get source --download-only docker.io || true
version=$(ls docker.io_*.orig.tar.xz | sed 's/docker.io_\(.*\).orig.tar.xz/\1/')
cd docker
tar xf "../docker.io_$version.orig.tar.xz" --strip-components=1
[ -d engine ] || mv moby-*/engine .
for part in cli buildkit; do
    mkdir unpacked
    tar xf "../docker.io_$version.orig-$part.tar.xz" -C unpacked --strip-components=1
    if [ -d "unpacked/$part" ]; then mv "unpacked/$part" "$part"; else cp -a unpacked "$part"; fi
    rm -rf unpacked
done
tar xf ../docker.io_*.debian.tar.xz
apt-get build-dep -y -qq --no-install-recommends ./
for patch in $(grep -v '^#' debian/patches/series); do
    patch -p1 -s <"debian/patches/$patch"
done
sed -i 's/if !proxyDNS && extDNS.HostLoopback {/if !proxyDNS {/' engine/libnetwork/resolver.go
grep -q 'if !proxyDNS {' engine/libnetwork/resolver.go
DEB_BUILD_OPTIONS=nocheck debian/rules override_dh_auto_configure
built=_build/src/github.com/docker/docker
rm -rf "$built/vendor/github.com/moby/buildkit"
cp -a buildkit "$built/vendor/github.com/moby/buildkit"
rm -rf "$built/vendor/github.com/moby/buildkit/vendor"
cd "$built"
GOPATH=/src/docker/_build:/usr/share/gocode GOCACHE=/src/cache GO111MODULE=off GOPROXY=off \
    go build -p 2 -tags 'apparmor seccomp' \
    -ldflags '-w -X github.com/docker/docker/dockerversion.Version=26.1.2-like' -o /src/dockerd ./cmd/dockerd
