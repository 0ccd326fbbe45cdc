#!/bin/sh
# The driver assistance system, as a program of busybox: follows a speed. Runs from the disk that it is (qvm.run=sh+/dev/vda).
# Layout of the region, and meaning of the numbers: README.md.
REGION=0x70000000
CONTROL=0x0b000000
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

# The doorbell's interrupt is a key of gpio-keys where the device tree has one (doorbell-key.mjs). Else we look again and again.
find_doorbell() {
  name=$(grep -l doorbell-key /sys/class/input/event*/device/name) || return
  event=${name#/sys/class/input/}
  exec 3</dev/input/${event%%/*}
  doorbell=yes
}

wait_for_doorbell() {
  # One event of a key: 24 bytes.
  if [ -n "$doorbell" ]; then dd bs=24 count=1 <&3 >/dev/null 2>&1; else sleep 0.05; fi
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
[ -z "$doorbell" ] || grep doorbell-key /proc/interrupts

# With a person at the console both go on; "sh /dev/vda" drives again, from the speed of now.
grep -q adas.stay /proc/cmdline && exit
send $BYE $number 0
poweroff -f
######################################################################################################################################################################################################################################################################################################################################################################
