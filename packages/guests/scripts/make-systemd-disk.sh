#!/usr/bin/env bash
# Makes a disk with a Debian whose first process is systemd, from packages that apt fetches: no root is needed, nothing is installed
# or mounted.
#
#   make-systemd-disk.sh [ARCHITECTURE [FILE]]        amd64 (the default) or arm64; debian-ARCHITECTURE-systemd.ext4
#
# The account root has no password. Needs apt-get, dpkg-deb, tar and e2fsprogs (mke2fs, debugfs). The kernel and the initial file
# system are those of the guest debian-ARCHITECTURE; examples/debian-systemd-x86_64.qvmconf is a configuration.
set -euo pipefail
export LC_ALL=C
PATH=$PATH:/usr/sbin:/sbin

ARCHITECTURE=${1:-amd64}
OUT=${2:-debian-$ARCHITECTURE-systemd.ext4}
SUITE=${QVM_GUEST_SUITE:-bookworm}
SIZE=512M
PACKAGES=(systemd-sysv udev dbus libpam-runtime login passwd base-passwd base-files bash dash coreutils grep sed mawk gzip tar findutils
  util-linux mount procps iproute2 kmod hostname ncurses-base perl-base)

for tool in apt-get dpkg-deb tar mke2fs debugfs; do
  command -v "$tool" >/dev/null || { echo "make-systemd-disk: $tool is missing" >&2; exit 1; }
done

scratch=$(mktemp -d "${TMPDIR:-/tmp}/qvm-systemd-XXXXXX")
trap 'rm -rf "$scratch"' EXIT
state=$scratch/apt root=$scratch/root
mkdir -p "$state/lists/partial" "$state/cache/archives/partial" "$root"
: >"$state/status"
apt=(apt-get -q -y "-oAPT::Architecture=$ARCHITECTURE" "-oAPT::Architectures=$ARCHITECTURE" "-oDir::State=$state"
  "-oDir::State::Lists=$state/lists" "-oDir::State::status=$state/status" "-oDir::Cache=$state/cache" -oAPT::Sandbox::User=
  "-oAPT::Default-Release=/^$SUITE(-security|-updates)?\$/" -oAcquire::Languages=none -oAcquire::Retries=3 -oDebug::NoLocking=1
  -oAPT::Install-Recommends=0)
"${apt[@]}" update >&2
"${apt[@]}" --download-only install "${PACKAGES[@]}" >&2

# Directories that are links in an installed Debian, before packages put files into them.
mkdir -p "$root"/usr/{bin,sbin,lib} "$root"/{dev,proc,sys,tmp,run,root,mnt,etc}
for name in bin sbin lib; do ln -s "usr/$name" "$root/$name"; done
if [ "$ARCHITECTURE" = amd64 ]; then
  mkdir "$root/usr/lib64"
  ln -s usr/lib64 "$root/lib64"
fi
for package in "$state"/cache/archives/*.deb; do
  dpkg-deb --fsys-tarfile "$package" | tar -x --no-same-owner --keep-directory-symlink -C "$root"
done
rm -rf "$root"/usr/share/{doc,man,locale,info,lintian,bug}

# Scripts of packages do not run, so the files that they would make are made here.
cp "$root/usr/share/base-passwd/passwd.master" "$root/etc/passwd"
cp "$root/usr/share/base-passwd/group.master" "$root/etc/group"
echo 'messagebus:x:100:101::/nonexistent:/usr/sbin/nologin' >>"$root/etc/passwd"
printf '%s\n' 'messagebus:x:101:' 'systemd-journal:x:102:' >>"$root/etc/group"
sed 's/:.*//; s/$/:*:19000:0:99999:7:::/; s/^root:\*:/root::/' "$root/etc/passwd" >"$root/etc/shadow"
# Passwords are in shadow only where passwd has an x: with the * of the master file no password would be right.
sed -i 's/^\([^:]*\):[^:]*:/\1:x:/' "$root/etc/passwd"
chmod 640 "$root/etc/shadow"
for kind in auth account password; do
  printf '%s required pam_unix.so %s\n' "$kind" "$([ "$kind" = auth ] && echo nullok || true)" >"$root/etc/pam.d/common-$kind"
done
for kind in session session-noninteractive; do
  echo 'session required pam_unix.so' >"$root/etc/pam.d/common-$kind"
done
echo '/dev/vda / ext4 defaults 0 0' >"$root/etc/fstab"
echo 'debian' >"$root/etc/hostname"
: >"$root/etc/machine-id"
# A guest on a busy host takes longer than a machine.
mkdir -p "$root/etc/systemd/system.conf.d"
printf '[Manager]\nDefaultTimeoutStartSec=15min\nDefaultDeviceTimeoutSec=15min\n' >"$root/etc/systemd/system.conf.d/patience.conf"
ln -sf mawk "$root/usr/bin/awk"
[ -e "$root/usr/bin/sh" ] || ln -s dash "$root/usr/bin/sh"
printf '%s: files\n' passwd group shadow hosts networks protocols services >"$root/etc/nsswitch.conf"
cp -n "$root"/usr/share/base-files/{profile,motd} "$root/etc/" 2>/dev/null || true

rm -f "$OUT"
mke2fs -q -F -t ext4 -L debian -E root_owner=0:0 -d "$root" "$OUT" "$SIZE"
if [ "$(id -u)" != 0 ]; then
  # The files are the user's; in the guest they belong to root.
  (cd "$root" && find . -mindepth 1 -printf 'sif "%P" uid 0\nsif "%P" gid 0\n') >"$scratch/owners"
  debugfs -w -f "$scratch/owners" "$OUT" >/dev/null 2>"$scratch/debugfs.log"
fi
echo "$OUT"
