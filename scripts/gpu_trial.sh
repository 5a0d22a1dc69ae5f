#!/bin/sh
# Tries the suite on a machine with NVIDIA GPUs that needs nothing but root, tar, xz, and the driver:
#
#   gpu_trial.sh BUNDLE REPORTS [simulated]
#
# BUNDLE is what `python -m scripts.gpu_trial BUNDLE` packed on a machine with Debian's packages: an engine, Python, the
# suite and the images. All of it runs in namespaces of its own for eight minutes at most, and leaves nothing behind but
# the folder REPORTS. `simulated` rehearses it where there is no GPU. The exit status is 0 if every session ended as
# expected, 1 if one did not, and 3 if it cannot be tried here.
set -eu

fail() {
    echo "gpu_trial: $*" >&2
    exit 3
}

[ $# -ge 2 ] || fail "expected the packed file and a folder for reports, as in: gpu_trial.sh gpu.tar.xz reports"
bundle=$1 reports=$2 means=${3:-require}
[ "$(id -u)" = 0 ] || fail "only root can bring up an engine"
[ -f "$bundle" ] || fail "there is no file $bundle"
[ "$means" = simulated ] || [ -e /dev/nvidiactl ] || fail "NVIDIA's driver is not loaded: there is no /dev/nvidiactl"
for program in tar xz unshare mount pivot_root timeout; do
    command -v "$program" >/dev/null || fail "no $program is here"
done

mkdir -p "$reports"
root=$(mktemp -d)
# Mounts are made in the namespaces alone, so that nothing but its own files is below it here.
trap 'rm -rf --one-file-system "$root"' EXIT
trap 'exit 130' INT TERM
tar -xJf "$bundle" -C "$root" || fail "$bundle is no packed trial"

status=0
# shellcheck disable=SC2016 # the words are the inner shell's
timeout --kill-after=10 480 unshare --mount --net --pid --ipc --uts --fork --kill-child sh -euc '
    mount --make-rprivate /
    mount --bind "$0" "$0"
    mount --bind "$1" "$0/reports"
    mount --rbind /dev "$0/dev"
    cd "$0"
    pivot_root . outer
    cd /
    exec /usr/bin/python3 /trial/inside.py "$2"
' "$root" "$reports" "$means" || status=$?
[ "$status" -le 1 ] || echo "gpu_trial: it was ended after eight minutes, or could not begin (status $status)" >&2
exit "$status"
