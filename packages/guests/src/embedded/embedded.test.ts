import { readFileSync } from 'node:fs';
import { assembleEmbeddedGuest, EMBEDDED_SOURCES, embeddedImageModule } from './assemble-embedded.js';
import { embeddedGuest, safetyGuest } from './index.js';

const file = (path: string): string => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8');

describe('the embedded guest', () => {
  const { image } = embeddedGuest();

  it('has the header of an arm64 kernel image', () => {
    const view = new DataView(image.buffer);
    expect(view.getUint32(56, true)).toBe(0x644d5241);
    expect(view.getBigUint64(8, true)).toBe(0n);
    expect(view.getBigUint64(16, true)).toBeGreaterThanOrEqual(BigInt(image.length));
    expect(image.length).toBeLessThan(0x4000);
  });

  it('has the header of an ELF file for x86_64, which the file fits', () => {
    const { image: elf } = embeddedGuest('x86_64');
    const view = new DataView(elf.buffer);
    expect(new TextDecoder().decode(elf.subarray(1, 4))).toBe('ELF');
    expect(view.getUint16(18, true)).toBe(62);
    expect(view.getBigUint64(64 + 32, true)).toBe(BigInt(elf.length));
    expect(elf.length).toBeLessThan(0x2000);
  });

  it.each([
    ['aarch64', 'embedded'],
    ['x86_64', 'embedded-x86_64'],
  ] as const)('for %s ends its recorded output with the marker', (architecture, name) => {
    const expected = file(`testdata/${name}.expected`);
    expect(expected.trimEnd().split('\n').at(-1)).toBe(embeddedGuest(architecture).doneMarker);
    expect(expected).not.toContain('FAILED');
  });
});

describe.each(EMBEDDED_SOURCES)('$constant', (guest) => {
  it('is what the module holds', () => {
    const image = assembleEmbeddedGuest(guest, guest.sources.map(file));
    expect(file(guest.module)).toBe(embeddedImageModule(guest, image));
  });
});

it('the safety guest has the header of an arm64 kernel image', () => {
  const { image } = safetyGuest();
  expect(new DataView(image.buffer).getUint32(56, true)).toBe(0x644d5241);
  expect(image.length).toBeLessThan(0x2000);
});
