import { embeddedGuest } from '@qvm/guests';
import { MemoryFileSource } from '@qvm/sdk';
import { EMBEDDED_GUESTS, withEmbeddedGuest } from './embedded-files.js';

const LIMIT = 0x10_0000;

describe('the files of a host', () => {
  const files = withEmbeddedGuest(new MemoryFileSource([['/image', Uint8Array.of(1, 2)]]));

  it.each(['aarch64', 'x86_64'] as const)('have the guest for %s that comes with qvm', async (architecture) => {
    expect(await files.read(EMBEDDED_GUESTS[architecture], LIMIT)).toEqual(embeddedGuest(architecture).image);
  });

  it('are otherwise those of the source', async () => {
    expect(await files.read('/image', LIMIT)).toEqual(Uint8Array.of(1, 2));
    await expect(files.read('/the embedded guest', LIMIT)).rejects.toThrow();
  });
});
