import { readFileSync } from 'node:fs';
import { assembleEmbeddedGuest, EMBEDDED_SOURCES, EMBEDDED_START, embeddedImageModule } from './assemble-embedded.js';
import { embeddedGuest, safetyGuest } from './index.js';

const file = (path: string): string => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8');

describe('the embedded guest', () => {
  const { image, doneMarker } = embeddedGuest();

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

describe.each(EMBEDDED_SOURCES)('$source', (guest) => {
  it('is what the module holds', () => {
    const image = assembleEmbeddedGuest(file(EMBEDDED_START), file(guest.source));
    expect(file(guest.module)).toBe(embeddedImageModule(guest, image));
  });
});

it('the safety guest has the header of an arm64 kernel image', () => {
  const { image } = safetyGuest();
  expect(new DataView(image.buffer).getUint32(56, true)).toBe(0x644d5241);
  expect(image.length).toBeLessThan(0x2000);
});
