import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Failure } from '../lib/failure.mjs';
import { temporaryFolder } from './temporary.mjs';

/** Files of a guest that `qvm guest fetch` made. */
async function filesOf(guest) {
  const { verifyGuest } = await import('@qvm/guests').catch(() => {
    throw new Failure('qvm is not built: npm run build');
  });
  return verifyGuest(guest).catch((cause) => {
    throw new Failure(`${cause.message} (npx qvm guest fetch ${guest})`);
  });
}

/** The file of SeaBIOS, as Debian has it. */
export async function findBios() {
  const { files } = await filesOf('seabios');
  return files['bios-256k.bin'];
}

/** The Debian guest of an architecture that `qvm guest fetch` made: its packages, and what a side boots. */
export async function findLinux({ guest, kernelOf }) {
  const { files, directory } = await filesOf(guest);
  const kernel = await kernelOf(files, temporaryFolder());
  return {
    packages: readFileSync(join(directory, 'package'), 'utf8').trim().replaceAll('\n', ', '),
    guest: { kernel, initramfs: files['initramfs.cpio.gz'] },
    /** The same with all modules. */
    full: { kernel, initramfs: files['initramfs-full.cpio.gz'] },
  };
}
