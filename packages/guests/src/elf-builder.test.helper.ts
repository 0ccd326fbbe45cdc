/** A minimal 64-bit little-endian ELF file with the sections given, after the null section and before `.shstrtab`. */
export function buildElf(sections: readonly (readonly [name: string, data: Uint8Array])[]): Uint8Array {
  const encoder = new TextEncoder();
  const names = ['', ...sections.map(([name]) => name), '.shstrtab'];
  const strings = encoder.encode(names.map((name) => `${name}\0`).join(''));
  const bodies = [new Uint8Array(0), ...sections.map(([, data]) => data), strings];
  const bodyLength = bodies.reduce((sum, body) => sum + body.length, 0);
  const tableOffset = 64 + bodyLength;
  const bytes = new Uint8Array(tableOffset + names.length * 64);
  const view = new DataView(bytes.buffer);
  bytes.set([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1]);
  view.setUint32(0x28, tableOffset, true);
  view.setUint16(0x3a, 64, true);
  view.setUint16(0x3c, names.length, true);
  view.setUint16(0x3e, names.length - 1, true);
  let at = 64;
  let nameAt = 0;
  for (const [index, body] of bodies.entries()) {
    const header = tableOffset + index * 64;
    view.setUint32(header, nameAt, true);
    view.setUint32(header + 4, index === 0 ? 0 : 1, true);
    view.setUint32(header + 24, at, true);
    view.setUint32(header + 32, body.length, true);
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
