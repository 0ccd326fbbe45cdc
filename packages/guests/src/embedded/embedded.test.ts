import { readFileSync } from 'node:fs';
import { assembleEmbeddedGuest, embeddedImageModule } from './assemble-embedded.js';
import { embeddedGuest } from './index.js';

const file = (path: string): string => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8');

describe('the embedded guest', () => {
  const { image, doneMarker } = embeddedGuest();

  it('is what its source assembles to', () => {
    expect(Buffer.from(image).equals(assembleEmbeddedGuest(file('embedded/guest.s')))).toBe(true);
    expect(file('src/embedded/generated/embedded-image.ts')).toBe(embeddedImageModule(image));
  });

  it('has the header of an arm64 kernel image', () => {
    const view = new DataView(image.buffer);
    expect(view.getUint32(56, true)).toBe(0x644d5241);
    expect(view.getBigUint64(8, true)).toBe(0n);
    expect(view.getBigUint64(16, true)).toBeGreaterThanOrEqual(BigInt(image.length));
    expect(image.length).toBeLessThan(0x4000);
  });

  it('ends its recorded output with the marker', () => {
    expect(file('testdata/embedded.expected').trimEnd().split('\n').at(-1)).toBe(doneMarker);
    expect(file('testdata/embedded.expected')).not.toContain('FAILED');
  });
});
