/** A frame of a capture. */
export interface CapturedFrame {
  readonly time: bigint;
  readonly direction: number;
  readonly frame: Uint8Array;
}

/** Reads a capture according to the format's draft, checking both copies of each length. Independent of the writer. */
export function readCapture(bytes: Uint8Array): { readonly name: string; readonly frames: readonly CapturedFrame[] } {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const frames: CapturedFrame[] = [];
  let name = '';
  for (let at = 0; at < bytes.length;) {
    const type = view.getUint32(at, true);
    const length = view.getUint32(at + 4, true);
    const body = new DataView(bytes.buffer, bytes.byteOffset + at + 8, length - 12);
    if (length % 4 !== 0 || view.getUint32(at + length - 4, true) !== length) throw new Error(`bad block at ${at}`);
    if (at === 0 && (type !== 0x0a0d0d0a || body.getUint32(0, true) !== 0x1a2b3c4d)) throw new Error('no section');
    if (type === 1) name = nameOf(body);
    if (type === 6) frames.push(frameOf(body));
    at += length;
  }
  return { name, frames };
}

function nameOf(body: DataView): string {
  if (body.getUint16(0, true) !== 1) throw new Error('not Ethernet');
  const options = optionsOf(body, 8);
  if (options.get(9)?.[0] !== 9) throw new Error('not in nanoseconds');
  return new TextDecoder().decode(options.get(2));
}

function frameOf(body: DataView): CapturedFrame {
  const length = body.getUint32(12, true);
  if (body.getUint32(16, true) !== length) throw new Error('not the whole frame');
  const frame = new Uint8Array(body.buffer, body.byteOffset + 20, length);
  const flags = optionsOf(body, 20 + Math.ceil(length / 4) * 4).get(2) ?? [];
  const time = (BigInt(body.getUint32(4, true)) << 32n) | BigInt(body.getUint32(8, true));
  return { time, direction: (flags[0] ?? 0) & 3, frame };
}

function optionsOf(body: DataView, start: number): ReadonlyMap<number, Uint8Array> {
  const options = new Map<number, Uint8Array>();
  for (let at = start; ;) {
    const code = body.getUint16(at, true);
    const length = body.getUint16(at + 2, true);
    if (code === 0) return options;
    options.set(code, new Uint8Array(body.buffer, body.byteOffset + at + 4, length));
    at += 4 + Math.ceil(length / 4) * 4;
  }
}
