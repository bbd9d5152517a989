#!/bin/bash
# Process 1 of boot.sh's namespaces, until it becomes systemd: makes a system of
# the view. Whatever it says, and systemd after it, goes to boot.sh's log.
#
# mount always with -n: libmount would write down in the host's /run what it
# mounts here.

set -eu
place=/sys/fs/cgroup
view=$place/view
# What was asked of boot.sh.
binds=() script='' root=''
# shellcheck source=/dev/null
. $place/channel/wanted

# --- file systems of the kernel, and what is empty at each boot ---

mount -n -t proc -o nosuid,nodev,noexec proc $view/proc
# What is the whole machine's may be looked at only.
for path in sys sysrq-trigger irq bus fs; do
	[ -e $view/proc/$path ] || continue
	mount -n --bind $view/proc/$path $view/proc/$path
	mount -n -o remount,bind,ro,nosuid,nodev,noexec $view/proc/$path
done
mount -n -t sysfs -o ro,nosuid,nodev,noexec sysfs $view/sys
mount -n -t cgroup2 -o nosuid,nodev,noexec cgroup2 $view/sys/fs/cgroup
mount -n -t tmpfs -o mode=0755,nosuid,nodev tmpfs $view/run
mount -n -t tmpfs -o mode=1777,nosuid,nodev tmpfs $view/tmp
mount -n -t tmpfs -o mode=0755,nosuid tmpfs $view/dev
umask 0
mknod -m 666 $view/dev/null c 1 3
mknod -m 666 $view/dev/zero c 1 5
mknod -m 666 $view/dev/full c 1 7
mknod -m 666 $view/dev/random c 1 8
mknod -m 666 $view/dev/urandom c 1 9
mknod -m 666 $view/dev/tty c 5 0
umask 022
mkdir $view/dev/pts $view/dev/shm
mount -n -t devpts -o newinstance,ptmxmode=0666,mode=0620,gid=5 devpts \
	$view/dev/pts
mount -n -t tmpfs -o mode=1777,nosuid,nodev tmpfs $view/dev/shm
ln -s pts/ptmx $view/dev/ptmx
ln -s /proc/self/fd $view/dev/fd
ln -s /proc/self/fd/0 $view/dev/stdin
ln -s /proc/self/fd/1 $view/dev/stdout
ln -s /proc/self/fd/2 $view/dev/stderr

# --- into the view; what comes from outside is at /run/old for a moment ---

mkdir -p $view/run/old $view/run/boot
cd $view
pivot_root . run/old
cd /

# bind SOURCE TARGET: read-only
bind() {
	if [ -d "/run/old$1" ]; then
		mkdir -p "$2"
	else
		mkdir -p "${2%/*}"
		[ -e "$2" ] || : >"$2"
	fi
	mount -n --rbind "/run/old$1" "$2"
	mount -n -o remount,bind,ro "$2"
}

for name in output status run; do
	: >/run/boot/$name
	mount -n --bind /run/old$place/channel/$name /run/boot/$name
done
# The kernel's log is the machine's: to systemd, boot.sh's log is that.
: >/dev/kmsg
mount -n --bind /run/old$place/channel/log /dev/kmsg
bind "$script" /run/boot/script
for pair in "${binds[@]}"; do
	bind "${pair%%:*}" "${pair#*:}"
done
umount -n -l /run/old
rmdir /run/old

# --- what of the host's, or the tree's, system is not to start ---

# hide FOLDER...: an empty one
hide() {
	local folder

	for folder; do
		# /lib may be /usr/lib, which is hidden by then.
		if [ -d "$folder" ] && ! mountpoint -q "$folder"; then
			mount -n -t tmpfs -o mode=0755 tmpfs "$folder"
		fi
	done
}

hide /usr/lib/systemd/system-generators /lib/systemd/system-generators \
	/etc/systemd/system-generators /usr/local/lib/systemd/system-generators
[ "$root" != / ] || hide /etc/systemd/system
units=/run/systemd/system
mkdir -p $units /run/systemd/journald.conf.d
for unit in systemd-logind.service getty.target dev-hugepages.mount \
	dev-mqueue.mount kmod-static-nodes.service modprobe@.service \
	proc-sys-fs-binfmt_misc.automount sys-fs-fuse-connections.mount \
	sys-kernel-config.mount sys-kernel-debug.mount \
	sys-kernel-tracing.mount systemd-ask-password-console.path \
	systemd-ask-password-wall.path systemd-binfmt.service \
	systemd-firstboot.service systemd-initctl.socket \
	systemd-journald-audit.socket systemd-machine-id-commit.service \
	systemd-modules-load.service systemd-pcrphase.service \
	systemd-pcrphase-sysinit.service systemd-random-seed.service \
	systemd-repart.service systemd-sysctl.service \
	systemd-timesyncd.service systemd-udevd.service \
	systemd-update-utmp.service systemd-update-utmp-runlevel.service \
	systemd-user-sessions.service tmp.mount; do
	ln -s /dev/null $units/$unit
done

# --- the boot's own units ---

cat >$units/boot.target <<'UNIT'
[Unit]
Description=a boot that ends with its script
Requires=boot-script.service
AllowIsolate=yes
UNIT
cat >$units/boot-script.service <<'UNIT'
[Unit]
Description=the script of this boot
Wants=multi-user.target
After=multi-user.target
SuccessAction=exit-force
FailureAction=exit-force

[Service]
Type=exec
ExecStart=/run/boot/run
Environment=HOME=/root LC_ALL=C.UTF-8
StandardOutput=file:/run/boot/output
StandardError=inherit
UNIT
cat >/run/systemd/journald.conf.d/boot.conf <<'CONFIG'
[Journal]
ReadKMsg=no
Audit=no
ForwardToKMsg=yes
MaxLevelKMsg=info
Storage=volatile
RateLimitBurst=0
CONFIG

# Without it this would be the machine's first boot: systemd would enable all
# that there is.
tr -d - </proc/sys/kernel/random/uuid >/etc/machine-id
systemd-sysusers || echo 'boot: systemd-sysusers failed'
mount -n --make-rshared /

# Not what would reach the machine itself: its clock, modules, ports, log.
lost=
for capability in sys_module sys_time sys_rawio syslog sys_boot wake_alarm \
	audit_control audit_read audit_write mac_admin mac_override \
	block_suspend; do
	lost=$lost,-$capability
done
exec env -i PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
	container=gild-boot setpriv --bounding-set "${lost#,}" \
	/lib/systemd/systemd --system --unit=boot.target --show-status=no
