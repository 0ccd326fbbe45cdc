#!/bin/sh
# The driver assistance system, as a program of busybox: follows a speed. Runs from the disk that it is (qvm.run=sh+/dev/vda).
# Layout of the region, and meaning of the numbers: README.md.
REGION=0x70000000
CONTROL=0x0b000000 # on a PC, where the function of the PCI bus is
SEED=0x51564d21
TARGET=5000 # 50 km/h
EXCHANGES=16
HELLO=1
ANSWER=2
BYE=3

get() { devmem $(($1)) 32; }
put() { devmem $(($1)) 32 $(($2 & 0xffffffff)); }

# send KIND SEQUENCE VALUE: the kind is written last, then the doorbells of all others ring.
send() {
  put REGION+0x24 $3
  put REGION+0x2c $((SEED ^ $1 ^ $2 ^ ($3 & 0xffffffff)))
  put REGION+0x20 $2
  put REGION+0x28 $1
  put CONTROL+0x8 $others
}

# On a PC the region's registers and its doorbell are a PCI function.
find_function() {
  for function in /sys/bus/pci/devices/*; do
    [ "$(cat $function/vendor 2>/dev/null)" = 0x1c05 ] || continue
    read CONTROL rest <$function/resource
    pci=$function
  done
}

# The doorbell's interrupt is that of the function, by uio_pci_generic, or a key of gpio-keys where the device tree has one
# (doorbell-key.mjs). Else we look again and again.
find_doorbell() {
  if [ -n "$pci" ]; then
    mod uio_pci_generic
    echo 1c05 0001 >/sys/bus/pci/drivers/uio_pci_generic/new_id
    [ -e /dev/uio0 ] && exec 3</dev/uio0 && doorbell=uio
    return
  fi 2>/dev/null
  name=$(grep -l doorbell-key /sys/class/input/event*/device/name) || return
  event=${name#/sys/class/input/}
  exec 3</dev/input/${event%%/*}
  doorbell=doorbell-key
}

wait_for_doorbell() {
  case $doorbell in
    # One event of a key: 24 bytes.
    doorbell-key) dd bs=24 count=1 <&3 >/dev/null 2>&1 ;;
    # The driver masks the interrupt, by the command register of the function, until it is waited for again.
    uio) printf '\2\0' | dd of=$pci/config bs=1 seek=4 conv=notrunc 2>/dev/null && dd bs=4 count=1 <&3 >/dev/null 2>&1 ;;
    *) sleep 0.05 ;;
  esac
}

# sample NUMBER: waits for it; the speed is in $speed.
sample() {
  while :; do
    get CONTROL >/dev/null # takes the doorbell down
    [ $(($(get REGION))) = $1 ] && break
    wait_for_doorbell
  done
  speed=$(($(get REGION+0x4)))
  [ $(($(get REGION+0xc))) = $((SEED ^ $1 ^ speed)) ] || wrong=$((wrong + 1))
}

find_function
find_doorbell
until [ $(get CONTROL+0x4) != 0xFFFFFFFF ]; do sleep 0.1; done
client=$(($(get CONTROL+0x4)))
others=$((0xffff & ~(1 << client)))
echo "ADAS-START client $client, doorbell ${doorbell:-no}"
ip link set eth0 up
ip addr add 192.168.10.2/24 dev eth0
ping -c 3 192.168.10.1 | grep received

wrong=0
number=1
send $HELLO 0 0
while [ $number -le $EXCHANGES ]; do
  sample $number
  send $ANSWER $number $(((TARGET - speed) / 4))
  number=$((number + 1))
done
sample $number
echo "ADAS-DONE $EXCHANGES exchanges, $wrong wrong, speed $((speed / 100)) km/h"
[ -z "$doorbell" ] || grep $doorbell /proc/interrupts

# With a person at the console both go on; "sh /dev/vda" drives again, from the speed of now.
grep -q adas.stay /proc/cmdline && exit
send $BYE $number 0
poweroff -f
####################################
