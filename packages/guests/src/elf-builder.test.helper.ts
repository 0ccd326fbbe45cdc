/** Offsets that differ between 32-bit and 64-bit ELF files: file header, then section header. */
const LAYOUTS = {
  32: { header: 52, table: 0x20, counts: 0x2e, section: 40, offset: 16, size: 20 },
  64: { header: 64, table: 0x28, counts: 0x3a, section: 64, offset: 24, size: 32 },
} as const;

/** A minimal little-endian ELF file with the sections given, after the null section and before `.shstrtab`. */
export function buildElf(
  sections: readonly (readonly [name: string, data: Uint8Array])[],
  bits: 32 | 64 = 64,
): Uint8Array {
  const layout = LAYOUTS[bits];
  const encoder = new TextEncoder();
  const names = ['', ...sections.map(([name]) => name), '.shstrtab'];
  const strings = encoder.encode(names.map((name) => `${name}\0`).join(''));
  const bodies = [new Uint8Array(0), ...sections.map(([, data]) => data), strings];
  const bodyLength = bodies.reduce((sum, body) => sum + body.length, 0);
  const tableOffset = layout.header + bodyLength;
  const bytes = new Uint8Array(tableOffset + names.length * layout.section);
  const view = new DataView(bytes.buffer);
  bytes.set([0x7f, 0x45, 0x4c, 0x46, bits / 32, 1, 1]);
  view.setUint32(layout.table, tableOffset, true);
  view.setUint16(layout.counts, layout.section, true);
  view.setUint16(layout.counts + 2, names.length, true);
  view.setUint16(layout.counts + 4, names.length - 1, true);
  let at: number = layout.header;
  let nameAt = 0;
  for (const [index, body] of bodies.entries()) {
    const header = tableOffset + index * layout.section;
    view.setUint32(header, nameAt, true);
    view.setUint32(header + 4, index === 0 ? 0 : 1, true);
    view.setUint32(header + layout.offset, at, true);
    view.setUint32(header + layout.size, body.length, true);
    bytes.set(body, at);
    at += body.length;
    nameAt += (names[index] ?? '').length + 1;
  }
  return bytes;
}

/** A kernel module with the given dependencies. */
export function buildModule(...depends: readonly string[]): Uint8Array {
  const info = `license=GPL\0depends=${depends.join(',')}\0name=test\0`;
  return buildElf([['.modinfo', new TextEncoder().encode(info)]]);
}

/** A generator of 32-bit numbers that is reproducible from its seed (xorshift32). */
export function randomNumbers(seed: number): () => number {
  let state = seed | 1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return state >>> 0;
  };
}
