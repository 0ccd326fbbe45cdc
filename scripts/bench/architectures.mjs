import * as aarch64Images from './kernels-aarch64.mjs';
import { imagesOf } from './kernels-x86.mjs';
import { unpackedKernel } from './unpacked-kernel.mjs';

/** Halves the work of a boot; both sides get it. */
const LEAN = 'init_on_alloc=0 mitigations=off lsm= ima=off cryptomgr.notests audit=0 nokaslr';
const TRANSLATOR = '-accel tcg,thread=single -nographic -no-reboot -monitor none -serial stdio';

const linesOf = (base) => ({ stock: base, lean: `${base} ${LEAN}` });

/**
 * The guests of each architecture. `arch` and `entry` are those of a configuration, unless they are the default; `guest` names the Debian guest, `kernelOf` makes the file that both sides start out of its
 * files, `lines` are kernel command lines, `images` are bare-metal guests, `groups` what can be measured, and `qemu` a machine
 * without devices that nobody asked for.
 */
export const ARCHITECTURES = {
  aarch64: {
    guest: 'debian-arm64',
    kernelOf: (files) => files['Image'],
    lines: linesOf('console=ttyAMA0'),
    groups: ['start', 'kernels', 'boot', 'bench', 'io', 'host'],
    images: aarch64Images,
    qemu: { command: 'qemu-system-aarch64', machine: `-M virt,gic-version=3 -cpu cortex-a57 ${TRANSLATOR} -net none` },
  },
  x86_64: {
    arch: 'x86_64',
    // As a bzImage is entered. The default for the file below is PVH, which costs an interpreter of 32-bit code more.
    entry: 'linux64',
    guest: 'debian-amd64',
    // QEMU would unpack a bzImage in the guest; an ELF file is entered by PVH there.
    kernelOf: (files, folder) => unpackedKernel(files['bzImage'], folder),
    lines: linesOf('console=ttyS0 qvm.mods=none'),
    groups: ['start', 'kernels', 'boot', 'bench'],
    images: imagesOf('x86_64'),
    qemu: { command: 'qemu-system-x86_64', machine: `-M q35 -nodefaults ${TRANSLATOR}` },
  },
  i386: {
    arch: 'x86_64',
    guest: 'debian-i386',
    kernelOf: (files) => files['bzImage'],
    lines: linesOf('console=ttyS0 qvm.mods=none'),
    groups: ['start', 'kernels', 'boot', 'bench'],
    images: imagesOf('i386'),
    qemu: { command: 'qemu-system-i386', machine: `-M pc -nodefaults ${TRANSLATOR}` },
  },
};
