import { spawnSync } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { fetchGuest } from '@qvm/guests';
import { readImage } from './image.js';
import { readSetupHeader } from './setup-header.js';
import { unpackPayload } from './unpack/unpack-payload.js';

const LIMIT_MS = 600_000;
const RAM = 512 * 2 ** 20;

/** Output of a tool, which must be there. */
function run(tool: string, args: readonly string[], input: Uint8Array): Buffer {
  const { error, stdout } = spawnSync(tool, args, { input, maxBuffer: RAM });
  if (error) throw new Error(`The test needs ${tool}.`, { cause: error });
  return stdout;
}

const kernelOf = async (guest: string): Promise<Uint8Array> => {
  const { files } = await fetchGuest(guest);
  return new Uint8Array(await readFile(files['bzImage'] ?? ''));
};

describe("Debian's kernels", () => {
  it.each(['debian-amd64', 'debian-i386'])(
    'unpacks that of %s as xz does',
    async (guest) => {
      const { payload = new Uint8Array(0) } = readSetupHeader(await kernelOf(guest), guest);
      const expected = run('xz', ['-dc', '--single-stream'], payload);
      expect(expected.length).toBeGreaterThan(2 ** 20);
      const kernel = await unpackPayload(payload, RAM, guest);
      expect(expected.equals(kernel.piece(0, kernel.length))).toBe(true);
    },
    LIMIT_MS,
  );

  it.each([
    ['debian-amd64', 'linux64'],
    ['debian-amd64-cloud', 'linux64'],
    ['debian-i386', 'linux32'],
  ])(
    'enters that of %s by %s',
    async (guest, protocol) => {
      const image = await readImage({ name: guest, bytes: await kernelOf(guest) }, { limit: RAM });
      expect(image.protocol).toBe(protocol);
      // Linux is linked for 16 MiB.
      expect(image.segments[0]?.address).toBe(2 ** 24);
      expect(image.entry).toBeGreaterThanOrEqual(2 ** 24);
      expect(image.entry).toBeLessThan(2 ** 26);
    },
    LIMIT_MS,
  );
});
