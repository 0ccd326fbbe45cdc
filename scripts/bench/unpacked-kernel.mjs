import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const BOOT = new URL('../../packages/arch-x86_64/dist/boot/', import.meta.url);
const LIMIT = 512 << 20;

/** Writes the ELF file in a bzImage, and returns its path. */
export async function unpackedKernel(path, folder) {
  const { readSetupHeader } = await import(new URL('setup-header.js', BOOT));
  const { unpackPayload } = await import(new URL('unpack/unpack-payload.js', BOOT));
  const { payload } = readSetupHeader(readFileSync(path), path);
  const unpacked = join(folder, 'vmlinux');
  const kernel = await unpackPayload(payload, LIMIT, path);
  writeFileSync(unpacked, kernel.piece(0, kernel.length));
  return unpacked;
}
