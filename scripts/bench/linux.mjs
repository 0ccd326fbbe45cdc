import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Failure } from '../lib/failure.mjs';

const GUEST = 'debian-arm64';
const CONSOLE = 'console=ttyAMA0';

/** Kernel command lines by name. */
export const COMMAND_LINES = {
  stock: CONSOLE,
  lean: `${CONSOLE} init_on_alloc=0 mitigations=off lsm= ima=off cryptomgr.notests audit=0 nokaslr`,
};

/** The Debian guest that `qvm guest fetch` made: its packages, and what a side boots. */
export async function findLinux() {
  const { verifyGuest } = await import('@qvm/guests').catch(() => {
    throw new Failure('qvm is not built: npm run build');
  });
  const { files, directory } = await verifyGuest(GUEST).catch((cause) => {
    throw new Failure(`${cause.message} (npx qvm guest fetch ${GUEST})`);
  });
  return {
    packages: readFileSync(join(directory, 'package'), 'utf8').trim().replaceAll('\n', ', '),
    guest: { kernel: files['Image'], initramfs: files['initramfs.cpio.gz'] },
    /** The same with all modules. */
    full: { kernel: files['Image'], initramfs: files['initramfs-full.cpio.gz'] },
  };
}
