import { readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { outputOf } from './host.mjs';
import { temporaryFolder } from './temporary.mjs';

/** The command line tool of this checkout. */
export const QVM = fileURLToPath(new URL('../../packages/cli/bin/qvm.mjs', import.meta.url));
const RAM_MIB = 512;

/*
 * Both sides run a guest, { kernel, initramfs, commandLine, disk, entropy }: files, a text, and whether it has a
 * source of entropy. All but the kernel are optional. A side turns it into a command: { command, args }.
 */

/** A configuration of qvm. */
export function qvmSpec({ name = 'bench', kernel, initramfs, commandLine = '', ramMib = RAM_MIB, ...guest }) {
  const { arch, entry, disk, entropy, vdevs = [] } = guest;
  const vdev = [
    ...vdevs,
    ...(disk ? [{ type: 'virtio-blk', config: `file=${disk}` }] : []),
    ...(entropy ? [{ type: 'virtio-entropy' }] : []),
  ];
  const ram = [{ size: `${ramMib}M` }];
  return {
    name,
    ...(arch && { arch }),
    ...(entry && { entry }),
    image: kernel,
    ram,
    cmdline: commandLine,
    vdev,
    ...(initramfs && { initrd: initramfs }),
  };
}

/** qvm of this checkout, started as a user starts it. */
export const qvmSide = (architecture) => sideOf('ours', QVM, architecture);

/** qvm of another checkout, which is built, in the place of QEMU. */
export function baselineSide(checkout, architecture) {
  const qvm = resolve(checkout, 'packages', 'cli', 'bin', 'qvm.mjs');
  const side = sideOf('theirs', qvm, architecture);
  const commit = outputOf('git', ['-C', checkout, 'rev-parse', '--short', 'HEAD']);
  return { ...side, version: `${side.version}, commit ${commit ?? 'unknown'}` };
}

function sideOf(key, qvm, { arch, entry }) {
  const folder = temporaryFolder();
  const file = join(folder, 'guest.qvmconf');
  return {
    key,
    version: `qvm ${outputOf(process.execPath, [qvm, '--version']) ?? 'cannot be run: npm run build'}`,
    command(guest) {
      writeFileSync(file, JSON.stringify(qvmSpec({ ...guest, arch, entry })));
      return { command: process.execPath, args: [qvm, 'start', file, '--alone', '--json', '--stats'] };
    },
    /** Guests at one switch, each with its console in the output of the last command: both run in one process here. */
    network(guests) {
      const vdevs = [{ type: 'virtio-net', config: 'peer=vswitch0' }];
      const files = guests.map((guest, index) => {
        const path = join(folder, `network-${index}.qvmconf`);
        writeFileSync(path, JSON.stringify(qvmSpec({ ...guest, arch, entry, name: `guest${index}`, vdevs })));
        return path;
      });
      return [{ command: process.execPath, args: [qvm, 'start', ...files, '--alone'] }];
    },
    /** Engine statistics of a guest that has powered off. */
    statistics: (guest) => JSON.parse(guest.errors.trim().split('\n').at(-1)).stats,
  };
}

/**
 * v86 in the place of QEMU.
 *
 * @param folder - the npm package `v86`.
 * @param bios - file of a BIOS.
 */
export function v86Side(folder, bios) {
  const script = fileURLToPath(new URL('./v86-guest.mjs', import.meta.url));
  const file = join(temporaryFolder(), 'v86.json');
  const { version } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  return {
    key: 'theirs',
    version: `v86 ${version}`,
    command(guest) {
      writeFileSync(file, JSON.stringify({ ...guest, ramMib: RAM_MIB, bios }));
      return { command: process.execPath, args: [script, resolve(folder), file] };
    },
  };
}

/** Drivers of today's VirtIO, as qvm's devices have it. */
const MODERN = ['-global', 'virtio-mmio.force-legacy=false'];
const qemuDisk = (disk) => [
  ...MODERN,
  '-drive',
  `file=${disk},format=raw,if=none,id=disk`,
  '-device',
  'virtio-blk-device,drive=disk',
];

/** Datagrams between two sockets in the file system: neither process must be there first. */
const qemuNetwork = (folder, index) => [
  '-netdev',
  [
    'dgram,id=net',
    `local.type=unix,local.path=${join(folder, String(index))}`,
    `remote.type=unix,remote.path=${join(folder, String(1 - index))}`,
  ].join(','),
  '-device',
  `virtio-net-device,netdev=net,mac=52:54:00:00:00:0${index + 1}`,
];

/** QEMU with its translator, or undefined where it is not installed. */
export function qemuSide({ qemu }) {
  const version = outputOf(qemu.command, ['--version'])?.split('\n')[0];
  if (version === undefined) return undefined;
  const command = ({ kernel, initramfs, commandLine = '', disk, entropy, devices = [] }) => ({
    command: qemu.command,
    args: [
      ...`${qemu.machine} -m ${RAM_MIB}`.split(' '),
      ...(disk ? qemuDisk(disk) : []),
      ...(entropy ? [...MODERN, '-device', 'virtio-rng-device'] : []),
      ...(devices.length > 0 ? [...MODERN, ...devices] : []),
      '-kernel',
      kernel,
      ...(initramfs ? ['-initrd', initramfs] : []),
      '-append',
      commandLine,
    ],
  });
  return {
    key: 'theirs',
    version,
    command,
    /** A process for each of the two guests. */
    network(guests) {
      const sockets = temporaryFolder();
      return guests.map((guest, index) => command({ ...guest, devices: qemuNetwork(sockets, index) }));
    },
  };
}
